// The operator API, /v1/ops/*, which is for staff.
import { accessToken } from "../state/session";
import { ApiError, problemOf } from "./problem";

export interface Letter {
  letter: number;
  stored_at: string;
  /** What is there instead of the rest when the letter cannot be read. */
  unreadable?: string;
  service?: string;
  consumer?: string;
  reason?: string;
  type?: string | null;
  order?: string | null;
  user?: string | null;
  attempts?: number;
  redrives?: number;
  last_error?: { time: string; error: string };
  source?: { stream: string; sequence: number };
  trace_id?: string | null;
}

export interface Tally {
  total: number;
  kinds: { service: string; consumer: string; reason: string; count: number }[];
}

export interface Operation {
  id: string;
  command: string;
  actor: string;
  status: "running" | "stalled" | "interrupted" | "ended";
  started_at: string;
  matching: number;
  done: number;
  skipped: number;
  failed: number;
}

export interface Consumer {
  stream: string;
  consumer: string;
  pending: number;
  unsettled: number;
  redelivered: number;
  oldest_seconds: number | null;
}

export interface LetterFilter {
  service?: string;
  reason?: string;
  order?: string;
  sequences?: number[];
}

export interface LetterPage {
  items: Letter[];
  next_after?: number;
}

const PAGE_SIZE = "50";

export function letters(filter: LetterFilter, after: number | undefined, signal: AbortSignal): Promise<LetterPage> {
  const query = new URLSearchParams({ ...texts(filter), limit: PAGE_SIZE, ...(after === undefined ? {} : { after: String(after) }) });
  return ask(`letters?${query}`, { signal });
}

export function tally(signal: AbortSignal): Promise<Tally> {
  return ask("letters/count", { signal });
}

export async function operations(signal: AbortSignal): Promise<Operation[]> {
  return (await ask<{ items: Operation[] }>("operations", { signal })).items;
}

export async function consumers(signal: AbortSignal): Promise<Consumer[]> {
  return (await ask<{ items: Consumer[] }>("consumers", { signal })).items;
}

export type Action = "redrives" | "discards";

/** How many letters an action would mean. */
export function rehearse(action: Action, filter: LetterFilter): Promise<Tally> {
  return ask(action, post({ filter, all: true, dry_run: true }));
}

/** Begins in the background; the list of operations tells how far it is. */
export async function begin(action: Action, filter: LetterFilter): Promise<void> {
  await ask(action, post({ filter, all: true }));
}

export async function direct(operation: string, command: "resume" | "stop"): Promise<void> {
  await ask(`operations/${operation}/${command}`, { method: "POST" });
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const token = await accessToken();
  const headers = { ...init.headers, authorization: `Bearer ${token}` };
  const response = await fetch(`/v1/ops/${path}`, { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    throw ApiError.offline();
  });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

function post(body: object): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function texts({ service, reason, order }: LetterFilter): Record<string, string> {
  return Object.fromEntries(Object.entries({ service, reason, order }).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
