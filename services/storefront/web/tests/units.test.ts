import { describe, expect, it } from "vitest";
import { retryAfter } from "../src/api/problem";
import { parse } from "../src/live/messages";
import { added, type CartLine, total, withQuantity } from "../src/state/cart";
import { claimsOf } from "../src/state/session";
import { money } from "../src/ui/format";
import { safeNext } from "../src/ui/navigation";

const tea: CartLine = { sku: "tea", name: "Tea", price: { amount: 1250, currency: "EUR" }, imageUrl: "", quantity: 2 };

describe("cart", () => {
  it("adds what is there already to one line, up to a bound", () => {
    expect(added([tea], tea)).toEqual([{ ...tea, quantity: 4 }]);
    expect(added([tea], { ...tea, quantity: 99 })[0]?.quantity).toBe(100);
  });
  it("drops a line of nothing", () => expect(withQuantity([tea], "tea", 0)).toEqual([]));
  it("sums in minor units, and never across currencies", () => {
    expect(total([tea, { ...tea, sku: "cup" }])).toEqual({ amount: 5000, currency: "EUR" });
    expect(total([tea, { ...tea, price: { amount: 1, currency: "JPY" } }])).toBeNull();
    expect(total([])).toBeNull();
  });
});

describe("money", () => {
  it("knows how many minor units a currency has", () => {
    expect(money({ amount: 1250, currency: "EUR" }, "en")).toBe("€12.50");
    expect(money({ amount: 1250, currency: "JPY" }, "en")).toBe("¥1,250");
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  it("is seconds or a date", () => {
    expect(retryAfter("7", now)).toBe(7);
    expect(retryAfter("Mon, 23 Nov 2026 12:00:09 GMT", now)).toBe(9);
    expect(retryAfter("Mon, 23 Nov 2026 11:00:00 GMT", now)).toBe(0);
  });
  it("is nothing when it is missing or nonsense", () => {
    expect(retryAfter(null)).toBeUndefined();
    expect(retryAfter("soon")).toBeUndefined();
  });
});

describe("where to go after signing in", () => {
  it("is a path of this site and nowhere else", () => {
    expect(safeNext("/orders/1?x=2")).toBe("/orders/1?x=2");
    for (const evil of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", undefined]) {
      expect(safeNext(evil)).toBe("/");
    }
  });
});

describe("messages of the stream", () => {
  it("ignores what it does not know", () => {
    expect(parse('{"type":"news"}')).toBeNull();
    expect(parse("no json")).toBeNull();
    expect(parse('{"type":"dropped","count":3}')).toEqual({ type: "dropped", count: 3 });
  });
});

describe("claims", () => {
  const token = (payload: object) => `e30.${btoa(JSON.stringify(payload))}.x`;
  it("tells roles", () => expect(claimsOf(token({ sub: "u", roles: "audit,staff" }))).toEqual({ sub: "u", roles: ["audit", "staff"] }));
  it("of nonsense there are none", () => {
    expect(claimsOf("nonsense")).toBeNull();
    expect(claimsOf(token({ roles: "staff" }))).toBeNull();
  });
});
