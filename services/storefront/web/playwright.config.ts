import { defineConfig } from "@playwright/test";

/** The system's Chromium, or one that the environment names. */
const chromium = process.env["HOLDFAST_CHROMIUM"] ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: "browser",
  globalSetup: "./browser/platform.ts",
  outputDir: "../../../target/browser/results",
  // One platform, whose parts the tests kill.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    launchOptions: { executablePath: chromium, args: ["--no-sandbox"] },
    trace: "retain-on-failure",
    reducedMotion: "reduce",
    locale: "en-GB",
  },
});
