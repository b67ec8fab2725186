// The API by the client that its OpenAPI document generates.
import createClient, { type Middleware } from "openapi-fetch";
import { accessToken, tokenAfter } from "../state/session";
import { ApiError, problemOf } from "./problem";
import type { paths } from "./schema";

/** Longer than the gateway takes for anything (it answers within 15 s). */
const DEADLINE_MS = 20_000;

/** Adds the bearer token, and once more a newer one if it was refused. */
const authorize: Middleware = {
  async onRequest({ request }) {
    const token = await accessToken();
    if (token !== null) request.headers.set("authorization", `Bearer ${token}`);
    return request;
  },
};

async function send(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await reach(request);
  const refused = request.headers.get("authorization")?.slice("Bearer ".length);
  if (response.status !== 401 || refused === undefined) return response;
  const token = await tokenAfter(refused);
  if (token === null) return response;
  again.headers.set("authorization", `Bearer ${token}`);
  return reach(again);
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(DEADLINE_MS)]) });
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw ApiError.offline();
  }
}

export const api = createClient<paths>({ baseUrl: "", fetch: send });
api.use(authorize, {
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await problemOf(response);
  },
});

/** How old an answer is, if the mesh or the service served a copy because what is behind them is away. */
export function staleness(response: Response): number | null {
  const status = response.headers.get("cache-status") ?? "";
  const stale = /fwd=stale|detail=journal-unavailable/.test(status);
  return stale ? Number(response.headers.get("age") ?? 0) : null;
}

/** What an answer holds, of an operation that succeeds with a body. */
export function bodyOf<T>(answer: { data?: T; response: Response }): T {
  if (answer.data === undefined) throw new ApiError(answer.response.status, "empty", "The server sent no answer.");
  return answer.data;
}
