//! The component `istio/tls`: TLS at the gateway, as a cluster has it.

use std::path::Path;

use holdfast_tests_mesh::istio;
use tempfile::TempDir;
use tokio::process::Command;

use super::*;

/// What a gateway's Service sends to its pod's port for TLS.
const TLS: u16 = 8443;

const CHAIN: &str = "chain.pem";
const KEY: &str = "key.pem";

/// The component and a Service with both ports. The lab's control plane gives no secrets of a cluster to an Envoy without an
/// identity, so the certificate comes by files.
fn resources(folder: &Path) -> String {
    let files = format!(
        "serverCertificate: {}, privateKey: {}",
        folder.join(CHAIN).display(),
        folder.join(KEY).display()
    );
    let gateway = istio("tls/gateway.yaml").replace("credentialName: holdfast-tls", &files);
    let hsts = istio("tls/hsts.yaml");
    format!(
        r#"{KEYS}
---
{gateway}
---
{hsts}
---
apiVersion: v1
kind: Service
metadata: {{name: gateway, namespace: holdfast, labels: {{istio: ingressgateway}}}}
spec:
  clusterIP: 10.0.0.8
  selector: {{istio: ingressgateway}}
  ports: [{{name: http, port: 80, targetPort: 8080}}, {{name: https, port: 443, targetPort: {TLS}}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: gateway-0, namespace: holdfast, labels: {{kubernetes.io/service-name: gateway}}}}
addressType: IPv4
ports: [{{name: http, port: 8080, protocol: TCP}}, {{name: https, port: {TLS}, protocol: TCP}}]
endpoints:
- addresses: [127.0.0.1]
  conditions: {{ready: true, serving: true}}
  targetRef: {{kind: Pod, name: gateway-0, namespace: holdfast}}
"#
    )
}

/// A certificate for `localhost`.
fn issue(folder: &Path) {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.join(CHAIN), issued.cert.pem()).expect("a file");
    std::fs::write(folder.join(KEY), issued.signing_key.serialize_pem()).expect("a file");
}

/// Head and body of what curl gets by TLS, or nothing if there is no TLS to be had.
async fn curl(mesh: &Mesh, folder: &Path, arguments: &[&str]) -> String {
    let port = mesh.ports.address(TLS).port();
    let output = Command::new("curl")
        .args(["--silent", "--include", "--max-time", "20", "--cacert"])
        .arg(folder.join(CHAIN))
        .args(arguments)
        .arg(format!("https://localhost:{port}/v1/products"))
        .output()
        .await
        .expect("curl is installed");
    String::from_utf8_lossy(&output.stdout).to_lowercase()
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_the_component_then_the_gateway_speaks_tls_and_sends_everybody_there() {
    let catalog = Upstream::start().await;
    catalog.script(Script::Echo);
    let folder = TempDir::new().expect("a folder");
    let folder = folder.path();
    issue(folder);
    let mesh = Mesh::builder().port(TLS).at(CATALOG, catalog.address);
    let mesh = mesh.resources(&resources(folder));
    let mesh = mesh.envoy("catalog").envoy("gateway").start().await;

    let answer = curl(&mesh, folder, &[]).await;
    assert!(answer.starts_with("http/2 200"), "{answer}");
    assert!(
        answer.contains("\nstrict-transport-security: max-age=63072000"),
        "{answer}"
    );
    assert!(answer.contains("\nx-content-type-options: nosniff"), "{answer}");
    assert_eq!(
        curl(&mesh, folder, &["--tls-max", "1.1"]).await,
        "",
        "an old version"
    );
    let answer = curl(&mesh, folder, &["--http1.1", "-H", "x-holdfast-user: a"]).await;
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert_eq!(catalog.last_headers().get("x-holdfast-user"), None);

    // Plain HTTP reaches nobody.
    let before = catalog.requests();
    let headers = [("host", "shop.holdfast.dev")];
    let plain = mesh.client(GATEWAY);
    let answer = plain.send("GET", "/v1/products?limit=1", &headers).await;
    assert_eq!(answer.status, 301);
    assert_eq!(
        answer.header("location"),
        Some("https://shop.holdfast.dev/v1/products?limit=1")
    );
    assert_eq!(answer.header("strict-transport-security"), None);
    assert_eq!(plain.send("GET", "/v1/orders", &headers).await.status, 401);
    assert_eq!(catalog.requests(), before);
    mesh.assert_accepted().await;
}
