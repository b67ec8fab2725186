package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"reflect"
	"strconv"
	"syscall"

	secret "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/grpc"

	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/test"
)

// ready is what is printed when Envoys may connect.
type ready struct {
	XDS string `json:"xds"`
	SDS string `json:"sds"`
	// Bootstraps by workload: complete configurations of Envoys that are driven by this control plane.
	Bootstraps map[string]any `json:"bootstraps"`
}

func serve(opts options) error {
	files, err := load(opts)
	if err != nil {
		return err
	}
	sds, err := serveSecrets()
	if err != nil {
		return err
	}
	xds, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	// The control plane is written for tests: it fails by ending the goroutine that it is given.
	return test.Wrap(func(t test.Failer) {
		plane := start(t, files, xds)
		line := ready{XDS: xds.Addr().String(), SDS: sds, Bootstraps: map[string]any{}}
		for _, workload := range plane.workloads {
			if line.Bootstraps[workload.name], err = workload.managed(line.XDS, line.SDS); err != nil {
				t.Fatal(err)
			}
		}
		say(line)
		for range reloads() {
			say(plane.reload(opts))
		}
	})
}

func serveSecrets() (address string, err error) {
	authority, err := newAuthority()
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := grpc.NewServer()
	secret.RegisterSecretDiscoveryServiceServer(server, authority)
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), nil
}

// reloads has an item for each time that the files are to be read again. It is closed when this program is to end.
func reloads() <-chan struct{} {
	items := make(chan struct{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	lines := make(chan string)
	go func() {
		input := bufio.NewScanner(os.Stdin)
		for input.Scan() {
			lines <- input.Text()
		}
		close(lines)
	}()
	go func() {
		defer close(items)
		for {
			select {
			case _, open := <-lines:
				if !open {
					return
				}
			case received := <-signals:
				if received != syscall.SIGHUP {
					return
				}
			}
			items <- struct{}{}
		}
	}()
	return items
}

// outcome is what a reload has done, or why it has done nothing.
type outcome struct {
	Created int    `json:"created"`
	Updated int    `json:"updated"`
	Deleted int    `json:"deleted"`
	Error   string `json:"error,omitempty"`
}

// reload brings the control plane to what the Istio files say now. Kubernetes objects stay as they were at the start.
func (p plane) reload(opts options) outcome {
	files, err := load(opts)
	if err != nil {
		return outcome{Error: err.Error()}
	}
	wanted, err := files.configs()
	if err != nil {
		return outcome{Error: err.Error()}
	}
	var done outcome
	present := map[string]bool{}
	for _, resource := range wanted {
		present[resource.Key()] = true
		if err := p.put(resource, &done); err != nil {
			done.Error = err.Error()
		}
	}
	for _, schema := range p.Store().Schemas().All() {
		for _, resource := range p.Store().List(schema.GroupVersionKind(), "") {
			if present[resource.Key()] || resource.Namespace == "" {
				continue
			}
			if err := p.Store().Delete(resource.GroupVersionKind, resource.Name, resource.Namespace, nil); err == nil {
				done.Deleted++
			}
		}
	}
	return done
}

func (p plane) put(resource config.Config, done *outcome) error {
	now := p.Store().Get(resource.GroupVersionKind, resource.Name, resource.Namespace)
	if now == nil {
		_, err := p.Store().Create(resource)
		done.Created++
		return err
	}
	if reflect.DeepEqual(fmt.Sprint(now.Spec), fmt.Sprint(resource.Spec)) {
		return nil
	}
	_, err := p.Store().Update(resource)
	done.Updated++
	return err
}

func say(line any) {
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

func splitAddress(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	return host, port, err
}
