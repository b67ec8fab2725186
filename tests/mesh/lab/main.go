// Command mesh-lab runs Istio's own control plane as a library: for tests, which drive real Envoys with it, and to
// render what Envoys that have no control plane are given.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"syscall"

	"istio.io/istio/pkg/log"
)

const usage = `usage: mesh-lab VERB [flags]

  serve      xDS and SDS over plaintext gRPC, until standard input closes. One JSON line on standard output when ready;
             "reload" on standard input (or SIGHUP) reads the files again, and one JSON line tells what changed
  render     a complete configuration for the Envoy of each workload, as JSON
  hops       the page that tells what holds for each hop
  validate   every resource against Istio's CRDs, unknown fields included

flags:
  --config DIR      folder of Istio and Kubernetes YAML, again for more; later ones replace what has the same name
  --wasm DIR        where the filters are that the WasmPlugins name (holdfast_filter_*.wasm)
  --port OLD=NEW    another port on 127.0.0.1, wherever the files say OLD; again for more
  --out DIR|FILE    where render and hops write; --check compares instead, and fails on a difference
  --crds FILE       Istio's crd-all.gen.yaml, for validate
`

// What a stock Envoy lacks (Istio's own filters), and noise. Istio reads these while the process starts.
var environment = map[string]string{
	"PILOT_ENABLE_METADATA_EXCHANGE": "false",
	"PILOT_ENABLE_ALPN_FILTER":       "false",
	"PILOT_DISABLE_MX_ALPN":          "true",
	// Istio's test code complains when these folders of its own build do not exist.
	"TARGET_OUT": os.TempDir(),
	"LOCAL_OUT":  os.TempDir(),
}

type options struct {
	config list
	wasm   string
	ports  list
	out    string
	check  bool
	crds   string
}

type list []string

func (l *list) String() string         { return strings.Join(*l, ",") }
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "mesh-lab:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	verbs := map[string]func(options) error{"serve": serve, "render": render, "hops": hops, "validate": validate}
	if len(args) < 2 || verbs[args[1]] == nil {
		return fmt.Errorf("which verb?\n%s", usage)
	}
	if err := withEnvironment(args); err != nil {
		return err
	}
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.FatalLevel)
	}
	opts, err := parse(args[2:])
	if err != nil {
		return err
	}
	return verbs[args[1]](opts)
}

// withEnvironment starts this program again with the environment that Istio has to find, unless it has it.
func withEnvironment(args []string) error {
	complete := true
	for name, value := range environment {
		complete = complete && os.Getenv(name) == value
	}
	if complete {
		return nil
	}
	for name, value := range environment {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, args, os.Environ())
}

func parse(args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("mesh-lab", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flags.Var(&opts.config, "config", "")
	flags.StringVar(&opts.wasm, "wasm", "/mesh-filters", "")
	flags.Var(&opts.ports, "port", "")
	flags.StringVar(&opts.out, "out", "", "")
	flags.BoolVar(&opts.check, "check", false, "")
	flags.StringVar(&opts.crds, "crds", "", "")
	err := flags.Parse(args)
	return opts, err
}
