//! A static Envoy configuration, as JSON: one listener on a free port, the filters under test, the router.

use crate::client::Protocol;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

/// What one Envoy is made of.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// HTTP filters in order, without the router.
    pub filters: Vec<Value>,
    /// Routes in order, made by [`route`].
    pub routes: Vec<Value>,
    /// Clusters, made by [`cluster`].
    pub clusters: Vec<Value>,
    /// Worker threads.
    pub concurrency: u32,
    /// Whether requests are logged, for [`Envoy::access_log`](crate::Envoy::access_log).
    pub access_log: bool,
}

const ACCESS_LOG: &str = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog";
const MANAGER: &str =
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

impl Bootstrap {
    /// The whole configuration. The access log has one JSON object per line.
    pub(crate) fn render(&self, access_log: &Path) -> Value {
        let mut filters = self.filters.clone();
        filters.push(json!({"name": "envoy.filters.http.router",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}));
        let mut manager = json!({
            "@type": MANAGER, "stat_prefix": "test", "codec_type": "AUTO", "max_request_headers_kb": 96,
            // As Istio does with pathNormalization: DECODE_AND_MERGE_SLASHES.
            "normalize_path": true, "merge_slashes": true, "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD",
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": self.routes}]},
            "http_filters": filters
        });
        if self.access_log {
            manager["access_log"] = json!([{"name": "envoy.access_loggers.file", "typed_config": {
                "@type": ACCESS_LOG, "path": access_log, "log_format": {"json_format": {
                    "id": "%REQ(X-TEST-ID)%", "status": "%RESPONSE_CODE%", "flags": "%RESPONSE_FLAGS%",
                    "details": "%RESPONSE_CODE_DETAILS%", "grpc": "%GRPC_STATUS_NUMBER%"}}}}]);
        }
        json!({
            "admin": {"address": address("127.0.0.1:0")},
            "static_resources": {
                "listeners": [{"name": "in", "address": address("127.0.0.1:0"), "filter_chains": [{"filters": [
                    {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
                "clusters": self.clusters
            }
        })
    }
}

/// A filter in WebAssembly. `name` is its plugin name; `config` reaches it as JSON text, as from a WasmPlugin.
pub fn wasm_filter(name: &str, module: &Path, config: &Value) -> Value {
    json!({"name": name, "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {"name": name, "root_id": name, "failure_policy": "FAIL_RELOAD",
            "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": module}}},
            "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": config.to_string()}}
    }})
}

/// Requests whose headers have these values go to the cluster; `action` has the fields of a RouteAction.
pub fn route(headers: &[(&str, &str)], cluster: &str, mut action: Value) -> Value {
    let exact = |(name, value): &(&str, &str)| json!({"name": name, "string_match": {"exact": value}});
    let headers: Vec<Value> = headers.iter().map(exact).collect();
    action["cluster"] = cluster.into();
    json!({"match": {"prefix": "/", "headers": headers}, "route": action})
}

/// A cluster with these endpoints, maybe none, spoken to in this protocol.
pub fn cluster(name: &str, protocol: Protocol, endpoints: &[SocketAddr], limits: &Value) -> Value {
    let endpoint = |at: &SocketAddr| json!({"endpoint": {"address": address(&at.to_string())}});
    let endpoints: Vec<Value> = endpoints.iter().map(endpoint).collect();
    let options = match protocol {
        Protocol::Http1 => json!({"http_protocol_options": {}}),
        Protocol::Http2 => json!({"http2_protocol_options": {}}),
    };
    json!({
        "name": name, "type": "STATIC", "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        "circuit_breakers": {"thresholds": [limits]},
        "typed_extension_protocol_options": {OPTIONS:
            {"@type": format!("type.googleapis.com/{OPTIONS}"), "explicit_http_config": options}}
    })
}

fn address(text: &str) -> Value {
    let address: SocketAddr = text.parse().expect("an address");
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}

/// A filter whose configuration Envoy reads from a file that holds a DiscoveryResponse, and reads again each
/// time another file is renamed into its place.
pub fn pushed_filter(name: &str, file: &Path) -> Value {
    json!({"name": name, "config_discovery": {
        "config_source": {"path_config_source": {"path": file}, "initial_fetch_timeout": "10s"},
        "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"]
    }})
}
