package main

import (
	"errors"
	"fmt"
	"time"
)

// budgets fails for every route whose tries, each running into its own timeout, and the longest pauses between them do
// not fit into the timeout of the whole: its last try would be cut off.
func (s sources) budgets() error {
	var faults []error
	for _, service := range s.kind("VirtualService") {
		for _, route := range items(service["spec"], "http") {
			if err := budget(route); err != nil {
				faults = append(faults, fmt.Errorf("%s, route %v: %w", service.key(), route["name"], err))
			}
		}
	}
	return errors.Join(faults...)
}

func budget(route map[string]any) error {
	again, _ := at(route, "retries", "attempts").(int64)
	each, whole := duration(at(route, "retries", "perTryTimeout")), duration(route["timeout"])
	if again == 0 || each == 0 || whole == 0 {
		return nil
	}
	needed := time.Duration(again+1) * each
	backoff := duration(at(route, "retries", "backoff"))
	for retry := int64(1); retry <= again; retry++ {
		// Envoy waits at random, below this.
		needed += time.Duration(1<<retry-1) * backoff
	}
	if needed > whole {
		return fmt.Errorf("%d tries of %v and their pauses take up to %v, and it has %v", again+1, each, needed, whole)
	}
	return nil
}

func duration(value any) time.Duration {
	text, _ := value.(string)
	parsed, _ := time.ParseDuration(text)
	return parsed
}
