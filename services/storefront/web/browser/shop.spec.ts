import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { origin } from "./platform";
import { order, register, status } from "./shop";

const SHOTS = "../../../target/browser";

test("a stranger registers, orders, and watches the order complete without reloading", async ({ page }) => {
  await register(page);
  await page.screenshot({ path: `${SHOTS}/products.png` });
  await order(page);
  await expect(status(page)).toHaveAttribute("data-status", "completed");
  await expect(page.locator(".timeline li")).toContainText(["Order received", "Goods reserved", "Payment asked for", "Payment succeeded", "Order completed"]);
  await page.screenshot({ path: `${SHOTS}/order.png` });
});

test("a declined card is told as such", async ({ page }) => {
  await register(page);
  await order(page, "tok_declined");
  await expect(status(page)).toHaveAttribute("data-status", "cancelled");
  await expect(status(page)).toContainText("The card was declined");
});

test("another's order is not to be had", async ({ page, browser }) => {
  await register(page);
  await order(page);
  const stranger = await (await browser.newContext()).newPage();
  await register(stranger);
  await stranger.goto(page.url());
  await expect(stranger.getByRole("alert")).toContainText("That did not work");
  await expect(stranger.locator(".timeline")).toHaveCount(0);
});

for (const [name, scheme, width] of [
  ["light and wide", "light", 1280],
  ["dark and narrow", "dark", 360],
] as const) {
  test(`nothing serious for an accessibility scan to find, ${name}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    await register(page);
    await order(page);
    await expect(status(page)).toHaveAttribute("data-status", "completed");
    const orderUrl = new URL(page.url()).pathname;
    for (const path of ["/", "/products/tea-sencha-100", "/cart", "/sign-in", "/register", "/orders", orderUrl, "/account", "/nowhere-orders"]) {
      await page.goto(origin() + (path === "/nowhere-orders" ? "/orders/none" : path));
      await expect(page.locator("h1")).toBeVisible();
      await expect(page.locator(".loading")).toHaveCount(0);
      const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => [path, id, nodes[0]?.html])).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${path} is wider than the window`).toBeLessThanOrEqual(0);
    }
    await page.screenshot({ path: `${SHOTS}/account-${scheme}.png`, fullPage: true });
  });
}

test("the page asks nobody but its own origin for anything, and breaks none of its policy", async ({ page }) => {
  const foreign: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => request.url().startsWith(origin().replace("http", "")) || new URL(request.url()).origin === origin() || foreign.push(request.url()));
  page.on("console", (message) => /Content Security Policy|Trusted/.test(message.text()) && complaints.push(message.text()));
  await register(page);
  await order(page);
  await expect(status(page)).toHaveAttribute("data-status", "completed");
  expect(foreign.filter((url) => !url.startsWith(`ws://${new URL(origin()).host}/`))).toEqual([]);
  expect(complaints).toEqual([]);
});
