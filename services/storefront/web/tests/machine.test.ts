import { describe, expect, it } from "vitest";
import { type Effect, type Event, FIRST_DELAY_MS, IDLE, LONGEST_DELAY_MS, type State, step } from "../src/live/machine";

function play(events: Event[], from: State = IDLE): { state: State; effects: Effect[] } {
  let state = from;
  const effects: Effect[] = [];
  for (const event of events) {
    const [next, caused] = step(state, event);
    state = next;
    effects.push(...caused);
  }
  return { state, effects };
}

const closed: Event = { type: "closed", renewable: false };

describe("given a page that watches an order", () => {
  it("connects at once, and polls not at all while the stream is there", () => {
    const { state, effects } = play([{ type: "wanted" }, { type: "opened" }]);
    expect(state.mode).toBe("live");
    expect(effects).toEqual([{ type: "connect", delayMs: 0 }, { type: "stop-polling" }]);
  });

  it("when the stream breaks, polls at once and tries to get it back", () => {
    const { state, effects } = play([{ type: "wanted" }, { type: "opened" }, closed]);
    expect(state.mode).toBe("polling");
    expect(effects.slice(-2)).toEqual([{ type: "start-polling" }, { type: "connect", delayMs: FIRST_DELAY_MS }]);
  });

  it("when it stays away, waits longer each time, up to a bound, and starts polling once", () => {
    const { effects } = play([{ type: "wanted" }, ...Array<Event>(12).fill(closed)]);
    const delays = effects.flatMap((effect) => (effect.type === "connect" ? [effect.delayMs] : []));
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(delays.at(-1)).toBe(LONGEST_DELAY_MS);
    expect(effects.filter(({ type }) => type === "start-polling")).toHaveLength(1);
  });

  it("when the token ended, comes again without a word, but only once in a row", () => {
    const renew: Event = { type: "closed", renewable: true };
    const once = play([{ type: "wanted" }, { type: "opened" }, renew]);
    expect(once.state.mode).toBe("live");
    expect(once.effects.at(-1)).toEqual({ type: "connect", delayMs: 0 });
    expect(play([renew], once.state).state.mode).toBe("polling");
  });

  it("does not come again before the server wants it to", () => {
    const { effects } = play([{ type: "wanted" }, { ...closed, retryAfterMs: 7_000 } as Event]);
    expect(effects.at(-1)).toEqual({ type: "connect", delayMs: 7_000 });
  });

  it("when nobody watches any more, does nothing at all", () => {
    const { state, effects } = play([{ type: "wanted" }, closed, { type: "unwanted" }, closed]);
    expect(state).toEqual(IDLE);
    expect(effects.slice(-2)).toEqual([{ type: "disconnect" }, { type: "stop-polling" }]);
  });
});
