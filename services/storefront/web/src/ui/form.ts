// Submitting a form: one request at a time, and its error beside it.
import { type Signal, useSignal } from "@preact/signals";
import type { ApiError } from "../api/problem";
import { asApiError } from "./resource";

export interface Submission {
  busy: Signal<boolean>;
  error: Signal<ApiError | null>;
  /** Runs `work` unless one is under way. */
  run(work: () => Promise<void>): Promise<void>;
}

export function useSubmission(): Submission {
  const busy = useSignal(false);
  const error = useSignal<ApiError | null>(null);
  const run = async (work: () => Promise<void>) => {
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    try {
      await work();
    } catch (reason) {
      error.value = asApiError(reason);
    } finally {
      busy.value = false;
    }
  };
  return { busy, error, run };
}

export function fieldsOf(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}
