// How values look.
import type { Money, OrderStatus } from "../api/types";

/** Minor units of a currency as people write them. */
export function money({ amount, currency }: Money, locale?: string): string {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

export function dateTime(text: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

export function clockTime(text: string): string {
  const style = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 } as const;
  return new Intl.DateTimeFormat(undefined, style).format(new Date(text));
}

export type Tone = "good" | "bad" | "waiting" | "neutral";

interface Words {
  label: string;
  tone: Tone;
  /** What it means for the customer. */
  meaning: string;
}

const STATUSES: Record<OrderStatus, Words> = {
  created: { label: "Received", tone: "waiting", meaning: "We have your order and are reserving the goods." },
  inventory_reserved: { label: "Goods reserved", tone: "waiting", meaning: "The goods are yours; payment comes next." },
  payment_pending: {
    label: "Payment pending",
    tone: "waiting",
    meaning: "We are waiting for your bank. Your order is safe, and you need not do anything.",
  },
  payment_succeeded: { label: "Paid", tone: "waiting", meaning: "Payment went through; we are finishing your order." },
  payment_failed: { label: "Payment failed", tone: "bad", meaning: "The payment did not go through; the goods go back." },
  inventory_released: { label: "Goods released", tone: "bad", meaning: "The goods have gone back on the shelf." },
  completed: { label: "Completed", tone: "good", meaning: "All done. Thank you." },
  cancelled: { label: "Cancelled", tone: "bad", meaning: "This order was cancelled, and no money is held." },
  parked: { label: "With our staff", tone: "waiting", meaning: "Something needs a person. Somebody is looking at it." },
};

const UNKNOWN: Words = { label: "Unknown", tone: "neutral", meaning: "This page is older than the shop. Reload it." };

export function statusWords(status: OrderStatus): Words {
  return STATUSES[status] ?? UNKNOWN;
}

const REASONS: Record<string, string> = {
  out_of_stock: "Out of stock",
  payment_declined: "The card was declined",
  payment_timeout: "The bank did not answer in time",
  cancelled_by_customer: "Cancelled by you",
  cancelled_by_operator: "Cancelled by the shop",
};

export function reasonWords(reason: string): string {
  return REASONS[reason] ?? reason.replaceAll("_", " ");
}

const FINAL: readonly OrderStatus[] = ["completed", "cancelled"];

export function isFinal(status: OrderStatus): boolean {
  return FINAL.includes(status);
}

const EVENTS: Record<string, string> = {
  OrderCreated: "Order received",
  InventoryReserved: "Goods reserved",
  InventoryNotAvailable: "Goods not available",
  PaymentPending: "Payment asked for",
  PaymentSucceeded: "Payment succeeded",
  PaymentFailed: "Payment failed",
  PaymentRefunded: "Payment refunded",
  InventoryReleased: "Goods released",
  OrderCompleted: "Order completed",
  OrderCancelled: "Order cancelled",
  CancelRequested: "Cancellation asked for",
  SagaParked: "Waiting for staff",
  SagaResumed: "Resumed",
};

export function eventWords(type: string): string {
  return EVENTS[type] ?? type;
}
