// Who is signed in. A refresh token is good once, and a second use ends the session; so of several tabs one refreshes,
// under a lock, and the others take what it got.
import { computed, signal } from "@preact/signals";
import { ApiError, problemOf } from "../api/problem";

const KEY = "holdfast.session";
/** Refreshed this many seconds before the access token ends. */
const LEAD_SECONDS = 30;

interface Stored {
  accessToken: string;
  refreshToken: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

interface TokenAnswer {
  access_token: string;
  refresh_token?: string;
  expires_in: number;
}

const stored = signal<Stored | null>(read());

/** The claims of the access token, for display; the gateway is who checks them. */
export const claims = computed(() => (stored.value === null ? null : claimsOf(stored.value.accessToken)));
export const signedIn = computed(() => stored.value !== null);
export const isStaff = computed(() => claims.value?.roles.includes("staff") ?? false);

/** Other tabs sign in and out too. */
export function followOtherTabs(): void {
  addEventListener("storage", (event) => {
    if (event.key === KEY) stored.value = read();
  });
}

export function signIn(tokens: TokenAnswer): void {
  keep(tokens, tokens.refresh_token ?? "");
}

/** Ends the session here, whatever becomes of the request that ends it there. */
export async function signOut(): Promise<void> {
  const session = stored.value;
  forget();
  if (session === null) return;
  const body = JSON.stringify({ refresh_token: session.refreshToken });
  await fetch("/v1/sessions/current", {
    method: "DELETE",
    headers: { "content-type": "application/json", authorization: `Bearer ${session.accessToken}` },
    body,
    keepalive: true,
  }).catch(() => undefined);
}

export function forget(): void {
  localStorage.removeItem(KEY);
  stored.value = null;
}

/** A token that holds, or null if nobody is signed in (any more). */
export async function accessToken(): Promise<string | null> {
  const session = stored.value;
  if (session === null) return null;
  return fresh(session) ? session.accessToken : refresh(session);
}

/** A token to try after `refused` was refused. */
export async function tokenAfter(refused: string): Promise<string | null> {
  const session = read();
  if (session === null) return null;
  return session.accessToken === refused ? refresh(session) : session.accessToken;
}

async function refresh(old: Stored): Promise<string | null> {
  return exclusively(async () => {
    const current = read();
    if (current === null) return null;
    if (current.refreshToken !== old.refreshToken) return current.accessToken;
    return renew(current);
  });
}

async function renew(session: Stored): Promise<string | null> {
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: session.refreshToken });
  const response = await fetch("/v1/oauth/token", { method: "POST", body }).catch(() => {
    throw ApiError.offline();
  });
  if (response.ok) return keep((await response.json()) as TokenAnswer, session.refreshToken);
  const error = await problemOf(response);
  if (error.passing) throw error;
  forget();
  return null;
}

function keep(tokens: TokenAnswer, refreshToken: string): string {
  const session: Stored = {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token ?? refreshToken,
    expiresAt: Date.now() + tokens.expires_in * 1000,
  };
  localStorage.setItem(KEY, JSON.stringify(session));
  stored.value = session;
  return session.accessToken;
}

async function exclusively<T>(work: () => Promise<T>): Promise<T> {
  // Locks exist in secure contexts only; a plain-HTTP host other than localhost does without.
  return "locks" in navigator ? navigator.locks.request(KEY, work) : work();
}

function fresh(session: Stored): boolean {
  return session.expiresAt - LEAD_SECONDS * 1000 > Date.now();
}

function read(): Stored | null {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? "null") as Stored | null;
    return typeof value?.accessToken === "string" ? value : null;
  } catch {
    return null;
  }
}

interface Claims {
  sub: string;
  roles: string[];
}

/** What a JWT says (RFC 7519), unchecked. */
export function claimsOf(token: string): Claims | null {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const { sub, roles } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown; roles?: unknown };
    return typeof sub === "string" ? { sub, roles: typeof roles === "string" ? roles.split(",") : [] } : null;
  } catch {
    return null;
  }
}
