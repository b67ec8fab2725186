package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pilot/pkg/model"
	// The types of everything that a configuration may hold.
	_ "istio.io/istio/pkg/config/xds"
	"istio.io/istio/pkg/test"
)

// render writes a file for each workload, or compares.
func render(opts options) error {
	files, err := load(opts)
	if err != nil {
		return err
	}
	rendered := map[string][]byte{}
	err = test.Wrap(func(t test.Failer) {
		plane := start(t, files, nil)
		for _, workload := range plane.workloads {
			if rendered[workload.name+".json"], err = plane.render(workload); err != nil {
				t.Fatal(fmt.Sprintf("%s: %v", workload.name, err))
			}
		}
	})
	if err != nil {
		return err
	}
	if opts.check {
		return compare(opts.out, rendered)
	}
	return write(opts.out, rendered)
}

func (p plane) render(of workload) ([]byte, error) {
	proxy, err := p.proxy(of)
	if err != nil {
		return nil, err
	}
	parts, err := p.parts(proxy)
	if err != nil {
		return nil, err
	}
	static, err := parts.static(of)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(of.bootstrap(of.admin, static))
	return text.Bytes(), err
}

// parts are what a control plane answers to an Envoy, as JSON, by name where they are referred to.
type parts struct {
	listeners, clusters           []map[string]any
	routes, endpoints, extensions map[string]map[string]any
}

func (p plane) parts(proxy *model.Proxy) (parts, error) {
	listeners := p.Listeners(proxy)
	var found parts
	var errs [5]error
	found.listeners, errs[0] = asJSON(listeners)
	found.clusters, errs[1] = asJSON(p.Clusters(proxy))
	// Istio walks through maps: the same configuration comes in another order each time.
	sortByName(found.listeners)
	sortByName(found.clusters)
	routes, err := asJSON(p.RoutesFromListeners(proxy, listeners))
	found.routes, errs[2] = by("name", routes), err
	endpoints, err := asJSON(p.Endpoints(proxy))
	found.endpoints, errs[3] = by("cluster_name", endpoints), err
	extensions, err := asJSON(p.extensions(proxy, found.listeners))
	found.extensions, errs[4] = by("name", extensions), err
	return found, errors.Join(errs[:]...)
}

// extensions are the configurations of filters that the listeners refer to.
func (p plane) extensions(proxy *model.Proxy, listeners []map[string]any) []*core.TypedExtensionConfig {
	var names []string
	for _, listener := range listeners {
		walk(listener, func(inner map[string]any) {
			if name, ok := inner["name"].(string); ok && inner["config_discovery"] != nil {
				names = append(names, name)
			}
		})
	}
	return p.ConfigGen.BuildExtensionConfiguration(proxy, p.PushContext(), names, nil)
}

func asJSON[M proto.Message](messages []M) ([]map[string]any, error) {
	var all []map[string]any
	for _, message := range messages {
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
		if err != nil {
			return nil, err
		}
		value := map[string]any{}
		if err := json.Unmarshal(text, &value); err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, nil
}

func sortByName(values []map[string]any) {
	slices.SortStableFunc(values, func(a, b map[string]any) int {
		left, _ := a["name"].(string)
		right, _ := b["name"].(string)
		return strings.Compare(left, right)
	})
}

func by(key string, values []map[string]any) map[string]map[string]any {
	named := map[string]map[string]any{}
	for _, value := range values {
		if name, ok := value[key].(string); ok {
			named[name] = value
		}
	}
	return named
}

func write(folder string, rendered map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range rendered {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func compare(folder string, rendered map[string][]byte) error {
	var stale []error
	for name, text := range rendered {
		kept, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !bytes.Equal(kept, text) {
			stale = append(stale, fmt.Errorf("%s is not what the files say now", filepath.Join(folder, name)))
		}
	}
	return errors.Join(stale...)
}
