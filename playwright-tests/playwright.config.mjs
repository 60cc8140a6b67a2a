import { defineConfig } from "@playwright/test";
import { browser, flags } from "./support/chromium.mjs";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.mjs",
  // Nobody waits for these unless something is wrong: a shared machine can starve a
  // browser for a minute. The worker tries again after half a minute to a minute.
  timeout: 900_000,
  expect: { timeout: 180_000 },
  fullyParallel: true,
  workers: Number(process.env.HUSHWATT_E2E_WORKERS || 2),
  forbidOnly: true,
  retries: 0,
  reporter: [["list"]],
  outputDir: process.env.HUSHWATT_E2E_OUT || "../.cache/e2e/results",
  use: {
    locale: "en-GB",
    timezoneId: "Europe/London",
    actionTimeout: 180_000,
    acceptDownloads: true,
    launchOptions: { executablePath: browser(), args: flags },
    trace: "off",
    screenshot: "only-on-failure",
  },
});
