package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const hopsHead = `# Hops

What the mesh does for each call, made from the files beside this page by ` + "`make hops`" + `. A try is one attempt; the pause
before each further one is random, below the back-off for the second and below three times of it for the third.

A route of a callee stands here for each of its callers; which requests of it each caller may make is in "Who may call".
Two hops have no route: a gateway asks ` + "`quota`" + ` for leases from its filter (gRPC, opt-in: ` + "`cluster-rate-limit/`" + `; 150 ms, one
try, else its floor), and ` + "`notification`" + ` sends mail over TCP (` + "`sandbox`" + `, port 2525; tries are its own, as schedules).
`

// hops writes the page, or compares.
func hops(opts options) error {
	files, err := load(opts)
	if err != nil {
		return err
	}
	if err := files.budgets(); err != nil {
		return err
	}
	var page bytes.Buffer
	page.WriteString(hopsHead)
	files.routesTable(&page)
	files.hostsTable(&page)
	files.breakersTable(&page)
	files.callersTable(&page)
	files.limitsTable(&page)
	rendered := map[string][]byte{filepath.Base(opts.out): page.Bytes()}
	if opts.check {
		return compare(filepath.Dir(opts.out), rendered)
	}
	return os.WriteFile(opts.out, page.Bytes(), 0o644)
}

func (s sources) kind(kind string) []object {
	return slices.DeleteFunc(slices.Clone(s.istio), func(o object) bool { return o["kind"] != kind })
}

func items(value any, path ...string) []map[string]any {
	var all []map[string]any
	list, _ := at(value, path...).([]any)
	for _, item := range list {
		if mapping, ok := item.(map[string]any); ok {
			all = append(all, mapping)
		}
	}
	return all
}

func texts(value any, path ...string) []string {
	var all []string
	list, _ := at(value, path...).([]any)
	for _, item := range list {
		all = append(all, fmt.Sprint(item))
	}
	return all
}

func short(host string) string {
	return strings.TrimSuffix(host, ".holdfast.svc.cluster.local")
}

func or(value any, otherwise string) string {
	if value == nil || value == "" {
		return otherwise
	}
	return fmt.Sprint(value)
}

func table(page *bytes.Buffer, title string, columns ...string) {
	fmt.Fprintf(page, "\n## %s\n\n| %s |\n|%s\n", title, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
}

func row(page *bytes.Buffer, cells ...string) {
	fmt.Fprintf(page, "| %s |\n", strings.Join(cells, " | "))
}

func (s sources) routesTable(page *bytes.Buffer) {
	table(page, "Routes", "from", "to", "requests", "timeout", "tries", "back-off", "tried again after", "when all fails")
	for _, service := range s.kind("VirtualService") {
		for _, route := range items(service["spec"], "http") {
			if len(items(route, "route")) == 0 {
				continue
			}
			callee := short(fmt.Sprint(at(items(route, "route")[0], "destination", "host")))
			callers := []string{"gateway"}
			if at(service["spec"], "gateways") == nil {
				callers = s.callers(callee)
			}
			for _, caller := range callers {
				s.routeRow(page, caller, callee, route)
			}
		}
	}
}

func (s sources) routeRow(page *bytes.Buffer, caller, callee string, route map[string]any) {
	retries := at(route, "retries")
	tries, after, backoff := "1", "", ""
	if attempts, _ := at(retries, "attempts").(int64); attempts > 0 {
		tries = fmt.Sprintf("%v", attempts+1)
		if each := at(retries, "perTryTimeout"); each != nil {
			tries += fmt.Sprintf(" of %v", each)
		}
		after = strings.ReplaceAll(or(at(retries, "retryOn"), ""), ",", ", ")
		backoff = or(at(retries, "backoff"), "")
	}
	row(page, caller, callee, requests(route), or(route["timeout"], "none"), tries, backoff, after, s.fallback(caller, callee, route))
}

// requests tells what a route matches, as `POST /v1/charges`.
func requests(route map[string]any) string {
	var all []string
	for _, match := range items(route, "match") {
		method := or(at(match, "method", "exact"), or(at(match, "method", "regex"), ""))
		path := or(at(match, "uri", "exact"), or(at(match, "uri", "regex"), ""))
		if prefix := at(match, "uri", "prefix"); prefix != nil {
			path = fmt.Sprint(prefix) + "…"
		}
		// In a table a bar ends a cell, in code marks too.
		text := "`" + strings.ReplaceAll(strings.TrimSpace(method+" "+or(path, "…")), "|", "\\|") + "`"
		headers, _ := match["headers"].(map[string]any)
		for _, name := range sorted(headers) {
			text += " with " + name
		}
		all = append(all, text)
	}
	return or(strings.Join(all, ", "), "all others")
}

// callers are the service accounts that a policy of the callee allows, without the gateway, which has routes of its own.
func (s sources) callers(callee string) []string {
	if callee == "api.stripe.com" {
		return []string{"payment"}
	}
	var all []string
	for _, policy := range s.kind("AuthorizationPolicy") {
		if policy.text("spec", "selector", "matchLabels", "app") != callee {
			continue
		}
		for _, rule := range items(policy["spec"], "rules") {
			all = append(all, accounts(rule)...)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(name string) bool { return name == "gateway" })
}

func accounts(rule map[string]any) []string {
	var all []string
	for _, from := range items(rule, "from") {
		for _, principal := range texts(from, "source", "principals") {
			all = append(all, principal[strings.LastIndex(principal, "/")+1:])
		}
	}
	return all
}

// fallback is the rule of the caller's filter that is for a route.
func (s sources) fallback(caller, callee string, route map[string]any) string {
	for _, plugin := range s.kind("WasmPlugin") {
		selects := plugin.text("spec", "selector", "matchLabels", "app") == caller ||
			caller == "gateway" && plugin.text("spec", "selector", "matchLabels", "istio") != ""
		if !selects || !strings.Contains(plugin.text("spec", "url"), "fallback") {
			continue
		}
		for _, rule := range items(plugin["spec"], "pluginConfig", "rules") {
			if covers(rule, callee, route) {
				return told(rule)
			}
		}
	}
	return "the error"
}

func covers(rule map[string]any, callee string, route map[string]any) bool {
	authority := or(at(rule, "match", "authority"), "*")
	if !strings.HasPrefix(callee+".", strings.TrimSuffix(authority, "*")) {
		return false
	}
	prefix := or(at(rule, "match", "path_prefix"), "")
	for _, match := range items(route, "match") {
		path := or(at(match, "uri", "exact"), or(at(match, "uri", "prefix"), ""))
		methods := or(at(match, "method", "exact"), or(at(match, "method", "regex"), "any"))
		for _, method := range texts(rule, "match", "methods") {
			if strings.HasPrefix(path, prefix) && strings.Contains(methods, method) {
				return true
			}
		}
	}
	return false
}

func told(rule map[string]any) string {
	var all []string
	if age := at(rule, "stale", "max_age"); age != nil {
		all = append(all, fmt.Sprintf("a copy up to %v old", age))
	}
	if status := at(rule, "respond", "status"); status != nil {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%v %v", status, or(at(rule, "respond", "body"), ""))))
	}
	return fmt.Sprintf("%v: %s", rule["name"], strings.Join(all, ", else "))
}

func (s sources) hostsTable(page *bytes.Buffer) {
	table(page, "Hosts", "to", "connections", "connect", "waiting", "at once", "retries at once", "breaker", "TLS")
	for _, rule := range s.kind("DestinationRule") {
		policy := at(rule["spec"], "trafficPolicy")
		number := func(path ...string) string { return or(at(policy, path...), "") }
		budget := ""
		if at(policy, "retryBudget") != nil {
			budget = fmt.Sprintf("%v %%, at least %v", at(policy, "retryBudget", "percent"), at(policy, "retryBudget", "minRetryConcurrency"))
		}
		row(page, short(rule.text("spec", "host")), number("connectionPool", "tcp", "maxConnections"),
			number("connectionPool", "tcp", "connectTimeout"), number("connectionPool", "http", "http1MaxPendingRequests"),
			number("connectionPool", "http", "http2MaxRequests"), budget, breaker(policy), or(at(policy, "tls", "mode"), "as the host has it"))
	}
}

func breaker(policy any) string {
	if at(policy, "outlierDetection") == nil {
		return "none"
	}
	return "by ratio"
}

// breakersTable tells what opens a breaker: between services, and at the gateway.
func (s sources) breakersTable(page *bytes.Buffer) {
	table(page, "Breakers by ratio", "at", "counts", "open when", "of at least", "within", "for")
	for _, filter := range s.kind("EnvoyFilter") {
		for _, patch := range items(filter["spec"], "configPatches") {
			ratio := at(patch, "patch", "value", "outlier_detection")
			if ratio == nil {
				continue
			}
			caller, what := "services", "errors and what got no answer"
			if at(patch, "match", "context") == "GATEWAY" {
				caller = "the gateway"
			}
			if at(ratio, "split_external_local_origin_errors") == true {
				what = "what got no answer"
			}
			row(page, caller, what, fmt.Sprintf("%v %%", at(ratio, "failure_percentage_threshold")), fmt.Sprintf("%v requests", at(ratio, "failure_percentage_request_volume")),
				fmt.Sprint(at(ratio, "interval")), fmt.Sprintf("%v to %v", at(ratio, "base_ejection_time"), at(ratio, "max_ejection_time")))
		}
	}
}

func (s sources) callersTable(page *bytes.Buffer) {
	table(page, "Who may call", "callee", "caller", "what")
	for _, policy := range s.kind("AuthorizationPolicy") {
		callee := or(policy.text("spec", "selector", "matchLabels", "app"), "gateway")
		for _, rule := range items(policy["spec"], "rules") {
			caller := strings.Join(accounts(rule), ", ")
			switch {
			case at(policy["spec"], "action") == "DENY":
				caller = "nobody without the role staff"
			case caller == "" && rule["from"] != nil:
				caller = "whoever has a valid token"
			case caller == "":
				caller = "everybody"
			}
			row(page, callee, caller, operations(rule))
		}
	}
}

func operations(rule map[string]any) string {
	var all []string
	for _, to := range items(rule, "to") {
		if ports := texts(to, "operation", "ports"); len(ports) > 0 {
			all = append(all, "TCP port "+strings.Join(ports, ", "))
			continue
		}
		methods := strings.Join(texts(to, "operation", "methods"), ", ")
		paths := "`" + strings.Join(texts(to, "operation", "paths"), "`, `") + "`"
		if paths == "``" {
			paths = "of all paths"
		}
		all = append(all, strings.TrimSpace(methods+" "+paths))
	}
	return or(strings.Join(all, "; "), "everything")
}

func (s sources) limitsTable(page *bytes.Buffer) {
	table(page, "Limits at the gateway", "rule", "requests", "of each", "limit", "at once")
	for _, plugin := range s.kind("WasmPlugin") {
		if !strings.Contains(plugin.text("spec", "url"), "rate_limit") {
			continue
		}
		for _, rule := range items(plugin["spec"], "pluginConfig", "rules") {
			what := strings.TrimSpace(strings.Join(texts(rule, "match", "methods"), ", ") + " " + or(at(rule, "match", "path_prefix"), ""))
			row(page, fmt.Sprint(rule["name"]), or(what, "all"), keys(rule), fmt.Sprintf("%v per %v", at(rule, "limit", "requests"), at(rule, "limit", "per")),
				or(at(rule, "limit", "burst"), or(at(rule, "limit", "requests"), "")))
		}
	}
}

func keys(rule map[string]any) string {
	var all []string
	for _, list := range []string{"key", "otherwise_key"} {
		var composite []string
		for _, part := range items(rule, list) {
			for _, name := range sorted(part) {
				composite = append(composite, strings.TrimSuffix(fmt.Sprintf("%s %v", strings.ReplaceAll(name, "_", " "), part[name]), " true"))
			}
		}
		if len(composite) > 0 {
			all = append(all, strings.Join(composite, " and "))
		}
	}
	return or(strings.Join(all, ", else "), "all together")
}

func sorted(mapping map[string]any) []string {
	names := make([]string, 0, len(mapping))
	for name := range mapping {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
