// What the server says on /v1/stream.
import type { OrderStatus } from "../api/types";

/** Close code: the token or the ticket ended; come again with a new one. */
export const CLOSE_RENEW = 4001;

export interface StatusMessage {
  type: "snapshot" | "status";
  order_id: string;
  status: OrderStatus;
  reason?: string;
  version: number;
  time: string;
}

export type Message = StatusMessage | { type: "dropped"; count: number } | { type: "error" } | { type: "ping" };

/** Null for what is no message: a newer server may say more than we know. */
export function parse(text: string): Message | null {
  try {
    const value = JSON.parse(text) as Partial<StatusMessage>;
    const known = ["snapshot", "status", "dropped", "error"].includes(value.type ?? "");
    return known ? (value as Message) : null;
  } catch {
    return null;
  }
}

/** A close reason may say `retry-after=<seconds>`. */
export function retryAfterOf(reason: string): { retryAfterMs?: number } {
  const seconds = /retry-after=(\d+)/.exec(reason)?.[1];
  return seconds === undefined ? {} : { retryAfterMs: Number(seconds) * 1000 };
}
