import { expect, type Page, test } from "@playwright/test";
import { keepDown, origin } from "./platform";
import { fillCart, order, pay, register, status } from "./shop";

const badge = "[data-mode]";

test("an order is watched over the stream, and nothing is asked again and again", async ({ page }) => {
  await register(page);
  await order(page, "tok_slow");
  await expect(page.locator(badge)).toHaveAttribute("data-mode", "live");
  await expect(status(page)).toHaveAttribute("data-status", "payment_pending");
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/v1/orders/") ? 1 : 0));
  await expect(status(page)).toHaveAttribute("data-status", "completed");
  expect(asked, "once the order and once its events for each change").toBeLessThanOrEqual(6);
});

test("when realtime dies the page polls and says so, and goes back when it lives", async ({ page }) => {
  await register(page);
  await order(page, "tok_slow");
  await expect(page.locator(badge)).toHaveAttribute("data-mode", "live");
  const letLive = keepDown("realtime");
  try {
    await expect(page.locator(badge)).toHaveText(/Live updates are away/);
    await page.screenshot({ path: "../../../target/browser/polling.png" });
    await expect(status(page), "by polling").toHaveAttribute("data-status", "completed");
  } finally {
    letLive();
  }
  await expect(page.locator(badge)).toHaveAttribute("data-mode", "live", { timeout: 45_000 });
  await expect(page.locator(badge)).toBeEmpty();
});

test("when payment is down an order waits for it, says so, and completes", async ({ page }) => {
  await register(page);
  const letLive = keepDown("payment");
  try {
    await order(page);
    await expect(status(page)).toHaveAttribute("data-status", "payment_pending");
    await expect(status(page)).toContainText("Your order is safe");
    await page.screenshot({ path: "../../../target/browser/pending.png" });
  } finally {
    letLive();
  }
  await expect(status(page)).toHaveAttribute("data-status", "completed", { timeout: 50_000 });
});

test("too many orders are told, with how long to wait, and trying again then works", async ({ page }) => {
  await register(page);
  const headers = { authorization: `Bearer ${await tokenOf(page)}` };
  const spend = () => Promise.all(Array.from({ length: 120 }, () => fetch(`${origin()}/v1/orders`, { method: "POST", headers })));
  // What the page is told is what the gateway says when it has had enough. An order that got through is there already when
  // the page tries again, and is the same order, since the key is the same.
  await page.route("**/v1/orders", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    for (;;) {
      const response = await route.fetch();
      if (response.status() === 429) return route.fulfill({ response });
      await spend();
    }
  });
  const again = page.getByRole("button", { name: /Try again/ });
  await fillCart(page);
  await pay(page);
  await expect(page.getByRole("alert")).toContainText("Too many requests");
  await expect(again).toHaveText(/Try again in \d+ s/);
  await expect(again).toBeDisabled();
  await page.unroute("**/v1/orders");
  await again.click();
  await expect(status(page)).toHaveAttribute("data-status", "completed");
});

function tokenOf(page: Page): Promise<string> {
  return page.evaluate(() => (JSON.parse(localStorage.getItem("holdfast.session") ?? "{}") as { accessToken: string }).accessToken);
}
