// Errors of the API: application/problem+json (RFC 9457).

/** A field of the request that was refused. */
export interface FieldFault {
  field: string;
  detail: string;
}

/** What the API said, or what stands for it when nobody answered. */
export class ApiError extends Error {
  constructor(
    /** 0 when there was no answer. */
    readonly status: number,
    /** The last part of the problem's `type`: stable, to be matched on. */
    readonly kind: string,
    message: string,
    readonly faults: FieldFault[] = [],
    /** Seconds until trying again may help. */
    readonly retryAfter?: number,
    readonly traceId?: string,
  ) {
    super(message);
  }

  /** Nobody answered: offline, or the gateway is away. */
  static offline(): ApiError {
    return new ApiError(0, "offline", "No connection. What you see may be old.");
  }

  /** Whether trying again later may help without changing anything. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  fault(field: string): string | undefined {
    return this.faults.find((fault) => fault.field === field)?.detail;
  }
}

/** What an unsuccessful answer says. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body = await readJson(response);
  const type = text(body["type"]);
  const faults = faultsOf(body);
  return new ApiError(
    response.status,
    type.slice(type.lastIndexOf("/") + 1) || "unknown",
    text(body["detail"]) || words(faults) || text(body["title"]) || `The server answered ${response.status}.`,
    faults,
    retryAfter(response.headers.get("retry-after")),
    text(body["trace_id"]) || undefined,
  );
}

/** Seconds of a `Retry-After` (RFC 9110 §10.2.3), which is a number of seconds or a date. */
export function retryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - now) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function faultsOf(body: Record<string, unknown>): FieldFault[] {
  const errors = Array.isArray(body["errors"]) ? body["errors"] : [];
  return errors.flatMap((error: unknown) => {
    const { field, detail } = Object(error) as Record<string, unknown>;
    return typeof field === "string" ? [{ field, detail: text(detail) || "is not valid" }] : [];
  });
}

function words(faults: FieldFault[]): string {
  return faults.map(({ field, detail }) => `${field}: ${detail}`).join("; ");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
