package main

import (
	"fmt"
	"strings"
)

// Where an Envoy without a control plane finds what is not policy. Whoever starts it puts its own folders in place of
// these: this one, and mesh-filters for the filters.
const (
	runFolder = ".holdfast/run/mesh"
)

// static puts in place what the parts refer to: a configuration that needs neither control plane nor secret server.
func (p parts) static(of workload) (map[string]any, error) {
	var missing error
	visit := func(inner map[string]any) {
		if err := p.resolve(inner, of); err != nil {
			missing = err
		}
	}
	listeners, clusters := []any{}, []any{}
	for _, listener := range p.listeners {
		walk(listener, visit)
		listeners = append(listeners, listener)
	}
	for _, cluster := range p.clusters {
		walk(cluster, visit)
		clusters = append(clusters, cluster)
	}
	return map[string]any{"listeners": listeners, "clusters": clusters}, missing
}

func (p parts) resolve(inner map[string]any, of workload) error {
	name, _ := inner["name"].(string)
	switch {
	case inner["rds"] != nil:
		route, _ := at(inner, "rds", "route_config_name").(string)
		if p.routes[route] == nil {
			return fmt.Errorf("there is no route configuration %s", route)
		}
		inner["route_config"] = p.routes[route]
		delete(inner, "rds")
	case inner["config_discovery"] != nil:
		if p.extensions[name] == nil {
			return fmt.Errorf("there is no extension %s", name)
		}
		inner["typed_config"] = p.extensions[name]["typed_config"]
		delete(inner, "config_discovery")
	case inner["type"] == "EDS":
		p.resolveEndpoints(inner, name)
	case inner["tls_certificate_sds_secret_configs"] != nil:
		resolveSecrets(inner, of.name)
	case inner["environment_variables"] != nil:
		// The time at which the control plane has read the plugin.
		delete(inner, "environment_variables")
	case inner["filename"] != nil:
		// A WasmPlugin can only name an absolute path.
		inner["filename"] = strings.TrimPrefix(inner["filename"].(string), "/")
	}
	return nil
}

func (p parts) resolveEndpoints(cluster map[string]any, name string) {
	delete(cluster, "eds_cluster_config")
	cluster["type"] = "STATIC"
	assignment := map[string]any{"cluster_name": name}
	if endpoints := p.endpoints[name]["endpoints"]; endpoints != nil {
		assignment["endpoints"] = endpoints
	}
	cluster["load_assignment"] = assignment
}

// resolveSecrets names files in place of secrets, with the names that Istio gives them.
func resolveSecrets(context map[string]any, workload string) {
	folder := runFolder + "/certs/" + workload
	delete(context, "tls_certificate_sds_secret_configs")
	context["tls_certificates"] = []any{map[string]any{
		"certificate_chain": file("%s/cert-chain.pem", folder), "private_key": file("%s/key.pem", folder),
	}}
	combined, ok := context["combined_validation_context"].(map[string]any)
	if !ok {
		return
	}
	validation, _ := combined["default_validation_context"].(map[string]any)
	if validation == nil {
		validation = map[string]any{}
	}
	validation["trusted_ca"] = file("%s/root-cert.pem", folder)
	delete(context, "combined_validation_context")
	context["validation_context"] = validation
}

func file(format, folder string) map[string]any {
	return map[string]any{"filename": fmt.Sprintf(format, folder)}
}

// walk visits every object, the outer before the inner, so that what a visit puts in place is visited too.
func walk(value any, visit func(map[string]any)) {
	switch value := value.(type) {
	case map[string]any:
		visit(value)
		for _, inner := range value {
			walk(inner, visit)
		}
	case []any:
		for _, inner := range value {
			walk(inner, visit)
		}
	}
}
