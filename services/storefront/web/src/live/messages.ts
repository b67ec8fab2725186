// What the server says on /v1/stream (services/realtime-core/src/message.rs).
import type { OrderStatus } from "../api/types";

/** Close code: the token has expired; come again with a new ticket. */
export const CLOSE_TOKEN_EXPIRED = 4401;

export interface StatusMessage {
  type: "snapshot" | "status";
  order_id: string;
  status: OrderStatus;
  reason?: string;
  version: number;
  time: string;
}

export type Message =
  | StatusMessage
  /** We were too slow, and did not hear of so many updates. */
  | { type: "dropped"; count: number }
  /** What was told may be old from now on; and is up to date again. */
  | { type: "stale" }
  | { type: "live" }
  | { type: "pong" }
  /** The server is about to end. */
  | { type: "reconnect"; after_ms: number }
  | { type: "error" };

const TYPES = ["snapshot", "status", "dropped", "stale", "live", "pong", "reconnect", "error"];

/** Null for what is no message: a newer server may say more than we know. */
export function parse(text: string): Message | null {
  try {
    const value = JSON.parse(text) as { type?: unknown } | null;
    return TYPES.includes(String(value?.type)) ? (value as Message) : null;
  } catch {
    return null;
  }
}
