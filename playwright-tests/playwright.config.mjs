import { defineConfig } from "@playwright/test";
import { browser, flags } from "./support/chromium.mjs";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.mjs",
  timeout: 180_000,
  expect: { timeout: 30_000 },
  fullyParallel: true,
  workers: Number(process.env.HUSHWATT_E2E_WORKERS || 2),
  forbidOnly: true,
  // A shared machine can starve a browser for a minute. The list names every
  // test that needed a second try as flaky.
  retries: process.env.CI ? 2 : 0,
  reporter: [["list"]],
  outputDir: process.env.HUSHWATT_E2E_OUT || "../.cache/e2e/results",
  use: {
    locale: "en-GB",
    timezoneId: "Europe/London",
    acceptDownloads: true,
    launchOptions: { executablePath: browser(), args: flags },
    trace: "off",
    screenshot: "only-on-failure",
  },
});
