package main

import "testing"

func TestTriesHaveToFitIntoTheTimeout(t *testing.T) {
	route := func(timeout, each string, attempts int64) map[string]any {
		retries := map[string]any{"attempts": attempts, "perTryTimeout": each, "backoff": "200ms"}
		return map[string]any{"timeout": timeout, "retries": retries}
	}
	// Three of 2 s and pauses below 0.2 s and 0.6 s.
	for _, fits := range []map[string]any{route("6.8s", "2s", 2), route("2.2s", "1s", 1), route("1s", "2s", 0)} {
		if err := budget(fits); err != nil {
			t.Errorf("%v: %v", fits, err)
		}
	}
	for _, cut := range []map[string]any{route("6.7s", "2s", 2), route("13s", "6s", 2)} {
		if budget(cut) == nil {
			t.Errorf("%v does not fit", cut)
		}
	}
}
