package main

import (
	"net"
	"time"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/test"
)

// plane is Istio's control plane over the given files.
type plane struct {
	*xds.FakeDiscoveryServer
	workloads []workload
}

// start runs until t ends. Without a listener it is reached by calls only.
func start(t test.Failer, files sources, listener net.Listener) plane {
	configs, err := files.configs()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := join(files.kubernetes)
	if err != nil {
		t.Fatal(err)
	}
	options := xds.FakeOptions{
		Configs:                configs,
		KubernetesObjectString: objects,
		MeshConfig:             files.mesh,
	}
	if listener != nil {
		options.ListenerBuilder = func() (net.Listener, error) { return listener, nil }
		options.DebounceTime = 10 * time.Millisecond
	}
	return plane{xds.NewFakeDiscoveryServer(t, options), workloads(files)}
}

// proxy is the workload's Envoy as the control plane sees it after it has connected.
func (p plane) proxy(of workload) (*model.Proxy, error) {
	node, err := of.node()
	if err != nil {
		return nil, err
	}
	metadata, err := model.ParseMetadata(node.Metadata)
	if err != nil {
		return nil, err
	}
	proxy, err := model.ParseServiceNodeWithMetadata(node.Id, metadata)
	if err != nil {
		return nil, err
	}
	proxy.ConfigNamespace = model.GetProxyConfigNamespace(proxy)
	proxy.XdsNode = node
	proxy.SetWorkloadLabels(p.Env())
	return p.SetupProxy(proxy), nil
}
