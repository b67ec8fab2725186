// One stream for the page, whoever watches; while it is away every watcher polls.
import { signal } from "@preact/signals";
import { api, bodyOf } from "../api/client";
import { type Effect, type Event, IDLE, type Mode, type State, step } from "./machine";
import { CLOSE_TOKEN_EXPIRED, parse, type StatusMessage } from "./messages";

const POLL_MS = 5_000;
/** Scripts do not see the pings of the protocol, so the page asks whether the server is there... */
const PING_MS = 20_000;
/** ...and takes it for gone when it says nothing for so long, whatever TCP says. */
const SILENCE_MS = 45_000;

export interface Watcher {
  /** One order, or all of the user's. */
  orderId: string | "all";
  /** The stream said this. */
  onStatus(message: StatusMessage): void;
  /** Look for yourself: nothing may be missed, and the stream may have been away. */
  refresh(): void;
}

export const mode = signal<Mode>("idle");
/** The stream is there, and what it knows may be old. */
export const stale = signal(false);

let state: State = IDLE;
let socket: WebSocket | null = null;
let reconnecting: ReturnType<typeof setTimeout> | undefined;
let polling: ReturnType<typeof setTimeout> | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;
let pings: ReturnType<typeof setInterval> | undefined;
/** What the server said before it went. */
let comeBackAfterMs: number | undefined;
const watchers = new Set<Watcher>();

/** Until the returned function is called. */
export function watch(watcher: Watcher): () => void {
  const first = !watched(watcher.orderId);
  watchers.add(watcher);
  if (first) send(subscription("subscribe", watcher.orderId));
  dispatch({ type: "wanted" });
  return () => {
    watchers.delete(watcher);
    if (!watched(watcher.orderId)) send(subscription("unsubscribe", watcher.orderId));
    if (watchers.size === 0) dispatch({ type: "unwanted" });
  };
}

function watched(orderId: string): boolean {
  return [...watchers].some((watcher) => watcher.orderId === orderId);
}

function dispatch(event: Event): void {
  const [next, effects] = step(state, event);
  state = next;
  mode.value = next.mode;
  effects.forEach(run);
}

function run(effect: Effect): void {
  switch (effect.type) {
    case "connect":
      clearTimeout(reconnecting);
      reconnecting = setTimeout(() => void connect(), jittered(effect.delayMs));
      return;
    case "disconnect":
      clearTimeout(reconnecting);
      leave();
      return;
    case "start-polling":
      poll();
      return;
    case "stop-polling":
      clearTimeout(polling);
      return;
  }
}

/** So that the customers of a restarted replica do not all come back in the same second. */
function jittered(delayMs: number): number {
  return delayMs * (1 + Math.random());
}

function poll(): void {
  clearTimeout(polling);
  watchers.forEach((watcher) => watcher.refresh());
  polling = setTimeout(poll, POLL_MS * (0.8 + 0.4 * Math.random()));
}

async function connect(): Promise<void> {
  leave();
  try {
    const { ticket } = bodyOf(await api.POST("/v1/stream/tickets"));
    if (state.mode === "idle") return;
    open(ticket);
  } catch (error) {
    const seconds = (error as { retryAfter?: number }).retryAfter;
    dispatch({ type: "closed", renewable: false, ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }) });
  }
}

/** A ticket is good once and for 30 s, so that no token is in an address that somebody logs. */
function open(ticket: string): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opening = new WebSocket(`${scheme}://${location.host}/v1/stream?ticket=${encodeURIComponent(ticket)}`);
  socket = opening;
  opening.onopen = () => {
    heard(opening);
    pings = setInterval(() => send({ type: "ping" }), PING_MS);
    dispatch({ type: "opened" });
    new Set([...watchers].map(({ orderId }) => orderId)).forEach((id) => send(subscription("subscribe", id)));
  };
  opening.onmessage = ({ data }) => {
    heard(opening);
    receive(String(data));
  };
  opening.onclose = ({ code }) => {
    if (socket !== opening) return;
    quiet();
    const retryAfterMs = comeBackAfterMs;
    comeBackAfterMs = undefined;
    dispatch({ type: "closed", renewable: code === CLOSE_TOKEN_EXPIRED, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  };
}

function heard(from: WebSocket): void {
  clearTimeout(silence);
  silence = setTimeout(() => from.close(), SILENCE_MS);
}

function receive(text: string): void {
  const message = parse(text);
  switch (message?.type) {
    case "snapshot":
    case "status":
      watchers.forEach((watcher) => {
        if (watcher.orderId === "all" || watcher.orderId === message.order_id) watcher.onStatus(message);
      });
      return;
    case "dropped":
      watchers.forEach((watcher) => watcher.refresh());
      return;
    case "stale":
    case "live":
      stale.value = message.type === "stale";
      return;
    case "reconnect":
      comeBackAfterMs = message.after_ms;
  }
}

/** Forgets the stream, and what was known of it. */
function quiet(): WebSocket | null {
  clearTimeout(silence);
  clearInterval(pings);
  stale.value = false;
  const old = socket;
  socket = null;
  return old;
}

function leave(): void {
  quiet()?.close(1000);
}

function send(message: object): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function subscription(type: "subscribe" | "unsubscribe", orderId: string): object {
  return orderId === "all" ? { type: `${type}_all` } : { type, order_id: orderId };
}
