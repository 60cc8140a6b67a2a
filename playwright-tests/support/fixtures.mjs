// What every test stands on: a server of its own, and the steps that a person
// takes in the app.
import { expect, test as base } from "@playwright/test";
import { Server } from "./server.mjs";

export { expect };

export const test = base.extend({
  server: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.stop();
  },
  baseURL: async ({ server }, use) => use(server.url),
  // A page that fails the test if a script fails in it or the policy blocks something.
  page: async ({ page }, use) => {
    const faults = watch(page);
    await use(page);
    expect(faults, "errors in the page").toEqual([]);
  },
});

// watch collects what goes wrong in a page without being shown.
export function watch(page) {
  const faults = [];
  page.on("pageerror", (e) => faults.push(String(e)));
  page.on("console", (m) => {
    if (m.type() === "error" && !/Failed to load resource|net::ERR/.test(m.text())) faults.push(m.text());
  });
  return faults;
}

// ready waits until the app's program runs.
export async function ready(page) {
  await page.locator("html[data-app=ready]").waitFor({ state: "attached" });
}

export async function open(page, path = "/") {
  await page.goto(path);
  await ready(page);
}

// heading waits for a screen by its heading.
export async function heading(page, name) {
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
}

export const press = (page, name) => page.getByRole("button", { name }).click();
export const follow = (page, name) => page.getByRole("main").getByRole("link", { name }).first().click();

// moveIn opens the made-up home.
export async function moveIn(page) {
  await open(page);
  await press(page, "Try it with a made-up home");
  await heading(page, "What we read");
}

// toBill goes on to the bill that the supplier asks for.
export async function toBill(page) {
  await follow(page, "Straight to the bill");
  await heading(page, /^Your bill/);
  await expect(page.locator("table.bill")).toBeVisible();
}

// toSend goes on to what would leave, once its proof is made.
export async function toSend(page) {
  await toBill(page);
  await follow(page, "See what would be sent");
  await heading(page, "What leaves this device");
  await expect(page.getByText(/^See the exact bytes/)).toBeVisible();
}

export const sendButton = (page) => page.getByRole("button", { name: /^Send my .* bill to Demo Energy/ });

// choose gives the app a file, as its picker would.
export async function choose(page, path) {
  await ready(page);
  await page.locator("#file").setInputFiles(path);
}

// trouble waits for a designed state by its code.
export async function trouble(page, code) {
  const box = page.locator(`#trouble[data-code="${code}"]`);
  await expect(box).toBeVisible();
  return box;
}
