package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
)

// object is one YAML document.
type object map[string]any

// sources are the documents of all folders: by kind, namespace and name, the last one wins.
type sources struct {
	istio      []object
	kubernetes []object
	mesh       *meshconfig.MeshConfig
}

// meshValues is where a folder keeps what Istio itself is told, as values of its Helm chart.
const meshValues = "mesh/values.yaml"

func load(opts options) (sources, error) {
	ports, err := portMap(opts.ports)
	if err != nil {
		return sources{}, err
	}
	found, settings := map[string]object{}, mesh.DefaultMeshConfig()
	for _, folder := range opts.config {
		if err := loadFolder(folder, found); err != nil {
			return sources{}, err
		}
		if settings, err = withValues(filepath.Join(folder, meshValues), settings); err != nil {
			return sources{}, err
		}
	}
	all := inOrder(found, ports, opts.wasm)
	all.mesh = settings
	return all, nil
}

func withValues(file string, settings *meshconfig.MeshConfig) (*meshconfig.MeshConfig, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return settings, nil
	}
	if err != nil {
		return nil, err
	}
	values := object{}
	if err := yaml.UnmarshalStrict(text, &values); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	inner, err := yaml.Marshal(values["meshConfig"])
	if err != nil {
		return nil, err
	}
	return mesh.ApplyMeshConfig(string(inner), settings)
}

func loadFolder(folder string, found map[string]object) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no YAML files in %s", folder)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		documents, err := split(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, document := range documents {
			found[document.key()] = document
		}
	}
	return nil
}

func split(text []byte) ([]object, error) {
	var documents []object
	reader := kubeyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		raw, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		document := object{}
		if err := yaml.UnmarshalStrict(raw, &document); err != nil {
			return nil, err
		}
		if len(document) > 0 && document["kind"] != "Kustomization" {
			documents = append(documents, document)
		}
	}
}

// inOrder puts the documents in the order of their names, so that what is made of them does not depend on files.
func inOrder(found map[string]object, ports map[int]int, wasm string) sources {
	keys := make([]string, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var all sources
	for _, key := range keys {
		document := object(withPorts(map[string]any(found[key]), ports).(map[string]any))
		if document["kind"] == "WasmPlugin" {
			document.useFile(wasm)
		}
		if strings.Contains(document.text("apiVersion"), "istio.io/") {
			all.istio = append(all.istio, document)
		} else {
			all.kubernetes = append(all.kubernetes, document)
		}
	}
	return all
}

func (o object) key() string {
	return strings.Join([]string{o.text("kind"), o.text("metadata", "namespace"), o.text("metadata", "name")}, "/")
}

// text is the string at a path, or nothing.
func (o object) text(path ...string) string {
	text, _ := at(map[string]any(o), path...).(string)
	return text
}

// at is what a path of keys leads to, or nil.
func at(value any, path ...string) any {
	for _, key := range path {
		mapping, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = mapping[key]
	}
	return value
}

// useFile names the built filter in place of the image: oci://registry/holdfast/rate-limit:1 is
// DIR/holdfast_filter_rate_limit.wasm.
func (o object) useFile(wasm string) {
	spec, ok := o["spec"].(map[string]any)
	image, isText := spec["url"].(string)
	if !ok || !isText || !strings.HasPrefix(image, "oci://") {
		return
	}
	name, _, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	spec["url"] = "file://" + filepath.Join(wasm, "holdfast_filter_"+strings.ReplaceAll(name, "-", "_")+".wasm")
}

func portMap(flags []string) (map[int]int, error) {
	ports := map[int]int{}
	for _, flag := range flags {
		old, new, _ := strings.Cut(flag, "=")
		from, err := strconv.Atoi(old)
		if err != nil {
			return nil, fmt.Errorf("--port %s: %w", flag, err)
		}
		to, err := strconv.Atoi(new)
		if err != nil {
			return nil, fmt.Errorf("--port %s: %w", flag, err)
		}
		ports[from] = to
	}
	return ports, nil
}

// withPorts replaces ports where they are numbers of their own and where they end an address.
func withPorts(value any, ports map[int]int) any {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			value[key] = withPorts(inner, ports)
		}
	case []any:
		for index, inner := range value {
			value[index] = withPorts(inner, ports)
		}
	case float64:
		// Whole numbers are integers to the rules of the CRDs.
		whole := int(value)
		if value != float64(whole) {
			return value
		}
		if port, ok := ports[whole]; ok {
			whole = port
		}
		return int64(whole)
	case string:
		host, port, ok := strings.Cut(value, ":")
		number, err := strconv.Atoi(port)
		if replaced, found := ports[number]; ok && err == nil && found {
			return host + ":" + strconv.Itoa(replaced)
		}
	}
	return value
}

// configs are the Istio documents as the control plane keeps them, validated.
func (s sources) configs() ([]config.Config, error) {
	text, err := join(s.istio)
	if err != nil {
		return nil, err
	}
	configs, _, err := crd.ParseInputs(text)
	for index := range configs {
		// The oldest wins where two contend: with one age for all, the name decides.
		configs[index].CreationTimestamp = time.Unix(0, 0)
	}
	return configs, err
}

func join(documents []object) (string, error) {
	var all bytes.Buffer
	for _, document := range documents {
		text, err := yaml.Marshal(document)
		if err != nil {
			return "", err
		}
		all.WriteString("\n---\n")
		all.Write(bytes.TrimSpace(text))
	}
	all.WriteString("\n")
	return all.String(), nil
}
