// The cart lives in this browser alone.
import { computed, signal } from "@preact/signals";
import type { Money } from "../api/types";

const KEY = "holdfast.cart";
const ATTEMPT_KEY = "holdfast.checkout";
/** What an order may hold of one product. */
export const MAX_QUANTITY = 100;

export interface CartLine {
  sku: string;
  name: string;
  price: Money;
  imageUrl: string;
  quantity: number;
}

const lines = signal<CartLine[]>(read());

export const cart = computed(() => lines.value);
export const cartCount = computed(() => lines.value.reduce((sum, line) => sum + line.quantity, 0));
export const cartTotal = computed<Money | null>(() => total(lines.value));

export function addToCart(line: CartLine): void {
  write(added(lines.value, line));
}

export function setQuantity(sku: string, quantity: number): void {
  write(withQuantity(lines.value, sku, quantity));
}

export function emptyCart(): void {
  write([]);
}

/**
 * The idempotency key of the order that this cart becomes. It is the same until the cart changes, so that a second
 * click, a reload or a lost answer never makes a second order.
 */
export function checkoutKey(paymentToken: string): string {
  const content = JSON.stringify([lines.value.map(({ sku, quantity, price }) => [sku, quantity, price]), paymentToken]);
  const [key, of] = (sessionStorage.getItem(ATTEMPT_KEY) ?? "").split("\n", 2);
  if (key && of === content) return key;
  const fresh = randomId();
  sessionStorage.setItem(ATTEMPT_KEY, `${fresh}\n${content}`);
  return fresh;
}

/** After an answer that settles the attempt, the next one is another order. */
export function endCheckout(): void {
  sessionStorage.removeItem(ATTEMPT_KEY);
}

export function added(all: CartLine[], line: CartLine): CartLine[] {
  const before = all.find(({ sku }) => sku === line.sku)?.quantity ?? 0;
  const quantity = Math.min(MAX_QUANTITY, before + line.quantity);
  return [...all.filter(({ sku }) => sku !== line.sku), { ...line, quantity }];
}

export function withQuantity(all: CartLine[], sku: string, quantity: number): CartLine[] {
  if (quantity < 1) return all.filter((line) => line.sku !== sku);
  const bounded = Math.min(MAX_QUANTITY, Math.trunc(quantity));
  return all.map((line) => (line.sku === sku ? { ...line, quantity: bounded } : line));
}

/** Null when there is nothing, or more than one currency. */
export function total(all: CartLine[]): Money | null {
  const currency = all[0]?.price.currency;
  if (currency === undefined || all.some(({ price }) => price.currency !== currency)) return null;
  return { amount: all.reduce((sum, { price, quantity }) => sum + price.amount * quantity, 0), currency };
}

function write(next: CartLine[]): void {
  lines.value = next;
  localStorage.setItem(KEY, JSON.stringify(next));
}

function read(): CartLine[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? value.filter(isLine) : [];
  } catch {
    return [];
  }
}

function isLine(value: unknown): value is CartLine {
  const line = Object(value) as Partial<CartLine>;
  return typeof line.sku === "string" && typeof line.price?.amount === "number" && Number.isInteger(line.quantity);
}

/** `randomUUID` exists in secure contexts only. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
