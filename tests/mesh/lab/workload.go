package main

import (
	"encoding/json"
	"fmt"
	"strconv"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

const (
	istioVersion  = "1.31.0"
	adminPort     = "holdfast.dev/envoy-admin-port"
	gatewayLabel  = "istio"
	sidecarLabel  = "security.istio.io/tlsMode"
	clusterDomain = "svc.cluster.local"
)

// workload is a Pod that has an Envoy: a sidecar, or the gateway.
type workload struct {
	name, pod, namespace, account string
	labels                        map[string]any
	admin                         int
}

// workloads are the Pods with the label that says that they speak mutual TLS.
func workloads(files sources) []workload {
	var found []workload
	for _, document := range files.kubernetes {
		labels, _ := at(map[string]any(document), "metadata", "labels").(map[string]any)
		if document["kind"] != "Pod" || labels[sidecarLabel] == nil {
			continue
		}
		admin, _ := strconv.Atoi(document.text("metadata", "annotations", adminPort))
		account := document.text("spec", "serviceAccountName")
		found = append(found, workload{
			name: account, pod: document.text("metadata", "name"), namespace: document.text("metadata", "namespace"),
			account: account, labels: labels, admin: admin,
		})
	}
	return found
}

func (w workload) isGateway() bool { return w.labels[gatewayLabel] != nil }

func (w workload) nodeJSON() map[string]any {
	kind := "sidecar"
	if w.isGateway() {
		kind = "router"
	}
	return map[string]any{
		"id":      fmt.Sprintf("%s~127.0.0.1~%s.%s~%s.%s", kind, w.pod, w.namespace, w.namespace, clusterDomain),
		"cluster": w.name + "." + w.namespace,
		"metadata": map[string]any{
			"NAMESPACE": w.namespace, "NAME": w.pod, "SERVICE_ACCOUNT": w.account, "LABELS": w.labels,
			"CLUSTER_ID": "Kubernetes", "ISTIO_VERSION": istioVersion, "INTERCEPTION_MODE": "NONE",
			"INSTANCE_IPS": "127.0.0.1",
		},
	}
}

func (w workload) node() (*core.Node, error) {
	text, err := json.Marshal(w.nodeJSON())
	if err != nil {
		return nil, err
	}
	node := &core.Node{}
	return node, protojson.Unmarshal(text, node)
}

// bootstrap is what every Envoy has, whoever tells it the rest.
func (w workload) bootstrap(port int, static map[string]any) map[string]any {
	return map[string]any{
		"node":             w.nodeJSON(),
		"admin":            map[string]any{"address": socket("127.0.0.1", port)},
		"static_resources": static,
	}
}

// managed is the bootstrap of an Envoy that is driven by a control plane; its admin port is a free one.
func (w workload) managed(xds, sds string) (map[string]any, error) {
	var clusters []any
	for name, address := range map[string]string{"xds-grpc": xds, "sds-grpc": sds} {
		cluster, err := grpcCluster(name, address)
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, cluster)
	}
	whole := w.bootstrap(0, map[string]any{"clusters": clusters})
	ads := map[string]any{"ads": map[string]any{}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}
	whole["dynamic_resources"] = map[string]any{
		"cds_config": ads, "lds_config": ads,
		"ads_config": map[string]any{
			"api_type": "DELTA_GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true,
			"grpc_services": []any{map[string]any{"envoy_grpc": map[string]any{"cluster_name": "xds-grpc"}}},
		},
	}
	return whole, nil
}

const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

func grpcCluster(name, address string) (map[string]any, error) {
	host, port, err := splitAddress(address)
	if err != nil {
		return nil, err
	}
	endpoint := map[string]any{"endpoint": map[string]any{"address": socket(host, port)}}
	return map[string]any{
		"name": name, "type": "STATIC", "connect_timeout": "1s",
		"typed_extension_protocol_options": map[string]any{httpOptions: map[string]any{
			"@type":                "type.googleapis.com/" + httpOptions,
			"explicit_http_config": map[string]any{"http2_protocol_options": map[string]any{}},
		}},
		"load_assignment": map[string]any{
			"cluster_name": name, "endpoints": []any{map[string]any{"lb_endpoints": []any{endpoint}}},
		},
	}, nil
}

func socket(host string, port int) map[string]any {
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": port}}
}
