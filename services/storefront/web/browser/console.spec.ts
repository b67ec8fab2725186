import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { credentials, origin } from "./platform";
import { order, register, signIn, status } from "./shop";

test("staff see one order's saga as a picture, with every event and its trace", async ({ page, browser }) => {
  await register(page);
  await order(page);
  await expect(status(page)).toHaveAttribute("data-status", "completed");
  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";

  const console = await (await browser.newContext({ reducedMotion: "reduce" })).newPage();
  await signIn(console, credentials("staff"));
  await console.getByRole("link", { name: "Console" }).click();
  await console.getByLabel("Order id").fill(id);
  await console.getByRole("button", { name: "Show its timeline" }).click();
  await expect(console.getByRole("img", { name: /steps of the order/ })).toContainText("Order completed");
  await expect(console.locator("tbody tr")).toHaveCount(5);
  await console.screenshot({ path: "../../../target/browser/timeline.png", fullPage: true });
});

test("the console shows what is stuck and how consumers stand, and is for staff alone", async ({ page, browser }) => {
  await signIn(page, credentials("staff"));
  await page.goto(`${origin()}/console`);
  await expect(page.locator("dd").first()).toHaveText(/^\d+$/);
  await expect(page.getByRole("rowheader", { name: "order-payment", exact: true }).first()).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id)).toEqual([]);
  await page.screenshot({ path: "../../../target/browser/console.png", fullPage: true });

  const customer = await (await browser.newContext()).newPage();
  await register(customer);
  await customer.goto(`${origin()}/console`);
  await expect(customer.locator("main")).toContainText("not one of the staff");
});
