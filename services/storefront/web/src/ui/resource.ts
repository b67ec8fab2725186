// Loading something for a page: loading, there, failed; and what was there stays while it is loaded again.
import { type Signal, useSignal } from "@preact/signals";
import { useCallback, useEffect } from "preact/hooks";
import { ApiError } from "../api/problem";

export interface Resource<T> {
  value: Signal<T | null>;
  error: Signal<ApiError | null>;
  loading: Signal<boolean>;
  reload(): void;
}

/** Loads when `key` changes, and again on `reload`, which `load` is told; only the newest answer counts. */
export function useResource<T>(key: string, load: (signal: AbortSignal, again: boolean) => Promise<T>): Resource<T> {
  const value = useSignal<T | null>(null);
  const error = useSignal<ApiError | null>(null);
  const loading = useSignal(true);
  const turn = useSignal(0);

  useEffect(() => {
    value.value = null;
  }, [key]);
  useEffect(() => {
    const controller = new AbortController();
    loading.value = true;
    load(controller.signal, turn.value > 0)
      .then((loaded) => settle(controller, () => ((value.value = loaded), (error.value = null))))
      .catch((reason: unknown) => settle(controller, () => (error.value = asApiError(reason))))
      .finally(() => settle(controller, () => (loading.value = false)));
    return () => controller.abort();
  }, [key, turn.value]);

  const reload = useCallback(() => {
    turn.value += 1;
  }, []);
  return { value, error, loading, reload };
}

/** Asks once more, a moment after an answer that was not complete. */
export function useAskAgain<T>({ value, reload }: Resource<T>, incomplete: (loaded: T) => boolean): void {
  const asked = useSignal(false);
  const wanted = value.value !== null && !asked.value && incomplete(value.value);
  useEffect(() => {
    if (!wanted) return undefined;
    const later = setTimeout(() => {
      asked.value = true;
      reload();
    }, 1000);
    return () => clearTimeout(later);
  }, [wanted]);
}

function settle(controller: AbortController, apply: () => void): void {
  if (!controller.signal.aborted) apply();
}

export function asApiError(reason: unknown): ApiError {
  if (reason instanceof ApiError) return reason;
  console.error(reason);
  return new ApiError(0, "page-fault", "Something in this page went wrong. Reload it.");
}
