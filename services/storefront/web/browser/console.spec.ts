import { expect, test } from "@playwright/test";
import { credentials } from "./platform";
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
