// Small parts that pages are made of.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ApiError } from "../api/problem";
import type { OrderStatus } from "../api/types";
import { statusWords } from "./format";

/** A page: its heading takes the focus, so that a screen reader hears where it is. */
export function Page({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Holdfast`;
  }, [title]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <main id="main">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </main>
  );
}

export function StatusBadge({ status }: { status: OrderStatus }) {
  const { label, tone } = statusWords(status);
  return <span class={`badge ${tone}`}>{label}</span>;
}

/** What went wrong, and when it is worth trying again. */
export function ErrorNotice({ error, retry }: { error: ApiError; retry?: (() => void) | undefined }) {
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>{titleOf(error)}</strong> {error.message}
      </p>
      {retry !== undefined && error.passing && <RetryButton key={error.traceId} seconds={error.retryAfter ?? 0} retry={retry} />}
      {error.traceId !== undefined && <p class="fine">Reference: {error.traceId}</p>}
    </div>
  );
}

function titleOf(error: ApiError): string {
  if (error.status === 0) return "Offline.";
  if (error.status === 429) return "Too many requests.";
  if (error.status >= 500) return "Service unavailable.";
  return "That did not work.";
}

/** Counts `Retry-After` down; a button until then would only be refused again. */
export function RetryButton({ seconds, retry }: { seconds: number; retry: () => void }) {
  const left = useSignal(seconds);
  useEffect(() => {
    const tick = setInterval(() => (left.value = Math.max(0, left.value - 1)), 1000);
    return () => clearInterval(tick);
  }, []);
  return (
    <button type="button" disabled={left.value > 0} onClick={retry}>
      {left.value > 0 ? `Try again in ${left.value} s` : "Try again"}
    </button>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what}…
    </p>
  );
}

/** An answer from a copy, because what is behind it is away. */
export function StaleNotice({ seconds, what }: { seconds: number; what: string }) {
  return (
    <p class="notice waiting" role="status">
      {what} may be out of date: this is a copy from {ago(seconds)}, since part of the shop is not reachable right now.
    </p>
  );
}

function ago(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds ago`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} minutes ago` : `${Math.round(seconds / 3600)} hours ago`;
}

export interface FieldProps {
  label: string;
  name: string;
  type?: "text" | "email" | "password" | "tel";
  value?: string;
  autocomplete?: string;
  required?: boolean;
  hint?: string;
  fault?: string | undefined;
}

/** A labelled input that says what is wrong with it. */
export function Field({ label, name, hint, fault, type = "text", ...input }: FieldProps) {
  const described = [hint && `${name}-hint`, fault && `${name}-fault`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {hint && (
        <span id={`${name}-hint`} class="fine">
          {hint}
        </span>
      )}
      {/* Preact's types have one shape for each type of input; all of ours are alike. */}
      <input id={name} name={name} type={type as "text"} aria-invalid={fault !== undefined} aria-describedby={described || undefined} {...input} />
      {fault && (
        <span id={`${name}-fault`} class="fault">
          {fault}
        </span>
      )}
    </div>
  );
}
