// How the page hears of orders, as a state machine without clock, socket or randomness: over the stream when there is
// one, else by polling, and always trying to get the stream back.

export type Mode = "connecting" | "live" | "polling" | "idle";

export interface State {
  mode: Mode;
  /** Tries to connect since the stream was last there. */
  failures: number;
}

export type Event =
  | { type: "wanted" }
  | { type: "unwanted" }
  | { type: "opened" }
  /** `renewable`: the server asks to come again at once, with a new ticket. `retryAfterMs`: not before. */
  | { type: "closed"; renewable: boolean; retryAfterMs?: number };

export type Effect =
  /** `jitter` of the delay, 0 to 1 of it, is added by whoever runs the effect. */
  | { type: "connect"; delayMs: number }
  | { type: "disconnect" }
  | { type: "start-polling" }
  | { type: "stop-polling" };

export const FIRST_DELAY_MS = 1_000;
export const LONGEST_DELAY_MS = 30_000;

export const IDLE: State = { mode: "idle", failures: 0 };

export function step(state: State, event: Event): [State, Effect[]] {
  if (state.mode === "idle") {
    return event.type === "wanted" ? [{ mode: "connecting", failures: 0 }, [{ type: "connect", delayMs: 0 }]] : [state, []];
  }
  switch (event.type) {
    case "wanted":
      return [state, []];
    case "unwanted":
      return [IDLE, [{ type: "disconnect" }, { type: "stop-polling" }]];
    case "opened":
      return [{ mode: "live", failures: 0 }, [{ type: "stop-polling" }]];
    case "closed":
      return closed(state, event);
  }
}

function closed(state: State, event: Event & { type: "closed" }): [State, Effect[]] {
  if (event.renewable && state.failures === 0) {
    return [{ mode: state.mode, failures: 1 }, [{ type: "connect", delayMs: 0 }]];
  }
  const delayMs = Math.max(event.retryAfterMs ?? 0, backOff(state.failures));
  const polling: Effect[] = state.mode === "polling" ? [] : [{ type: "start-polling" }];
  return [{ mode: "polling", failures: state.failures + 1 }, [...polling, { type: "connect", delayMs }]];
}

function backOff(failures: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10));
}
