// What people do in the shop.
import { expect, type Page } from "@playwright/test";
import { origin } from "./platform";

/** A stranger, registered and signed in. */
export async function register(page: Page): Promise<string> {
  const email = `${crypto.randomUUID()}@example.com`;
  await page.goto(`${origin()}/register`);
  await page.getByLabel("Name").fill("Ada Lovelace");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("violet hammock teapot 42");
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.getByRole("link", { name: "Account" })).toBeVisible();
  return email;
}

export async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.goto(`${origin()}/sign-in`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("link", { name: "Account" })).toBeVisible();
}

export async function fillCart(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Products" }).click();
  await page.locator(".card a").first().click();
  await page.getByRole("button", { name: "Add to cart" }).click();
}

export async function pay(page: Page, card = "tok_ok"): Promise<void> {
  await page.locator(`input[value="${card}"]`).check();
  await page.getByRole("button", { name: "Order and pay" }).click();
}

/** Orders the first product. */
export async function order(page: Page, card = "tok_ok"): Promise<void> {
  await fillCart(page);
  await pay(page, card);
  await expect(page.getByRole("heading", { name: "Order" })).toBeVisible();
}

export function status(page: Page) {
  return page.locator("[data-status]");
}
