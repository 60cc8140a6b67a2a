// Keys: made, saved, restored elsewhere, and files that wait for theirs.
import { join } from "node:path";
import { choose, expect, follow, heading, open, press, ready, test, trouble, watch } from "./support/fixtures.mjs";
import { meterAtHome } from "./support/meter.mjs";

test("a recovery file restores the key, and the history, in a fresh browser", async ({ page, server, browser }) => {
  await open(page, "/key");
  await press(page, "Make my key");
  const recipient = await page.locator("#recipient").innerText();
  const home = await meterAtHome(server, recipient);
  await page.goto("/");
  await choose(page, home.file);
  await heading(page, "What we read");
  await page.goto(home.link);
  await follow(page, "See what would be sent");
  await page.getByRole("button", { name: /^Send my/ }).click();
  await heading(page, /^Demo Energy accepted your bill/);

  await page.goto("/key");
  const saving = page.waitForEvent("download");
  await press(page, "Save my recovery file");
  const file = join(server.dir, "recovery");
  await (await saving).saveAs(file);
  const phrase = (await page.locator(".phrase").innerText()).trim();
  expect(phrase.length).toBeGreaterThan(20);
  await press(page, "I have both");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();

  const fresh = await browser.newContext({ baseURL: server.url });
  const other = await fresh.newPage();
  const faults = watch(other);
  await open(other, "/key");
  await other.locator("#recovery").setInputFiles(file);
  await other.getByLabel("Its passphrase").fill("not the right one at all");
  await press(other, "Restore my key");
  await trouble(other, "wrong-passphrase");
  await other.getByLabel("Its passphrase").fill(phrase);
  await press(other, "Restore my key");
  await expect(other.locator("#recipient")).toHaveText(recipient);
  await other.goto("/history");
  await expect(other.locator("ul.entries")).toContainText("Accepted");
  await other.locator("ul.entries a").first().click();
  await expect(other.getByText("came from your recovery file")).toBeVisible();
  await other.goto("/");
  await choose(other, home.file);
  await heading(other, "What we read");
  expect(faults).toEqual([]);
  await fresh.close();
});

test("a recovery file dropped on the start asks for its passphrase", async ({ page, server, browser }) => {
  await open(page, "/key");
  await press(page, "Make my key");
  await page.getByLabel("I want to choose the passphrase myself").check();
  await page.getByLabel("Passphrase", { exact: true }).fill("short");
  await press(page, "Save my recovery file");
  await trouble(page, "weak-passphrase");
  await page.getByLabel("Passphrase", { exact: true }).fill("seven café horses");
  const saving = page.waitForEvent("download");
  await press(page, "Save my recovery file");
  const file = join(server.dir, "recovery");
  await (await saving).saveAs(file);
  const recipient = await page.locator("#recipient").innerText();

  const fresh = await browser.newContext({ baseURL: server.url });
  const other = await fresh.newPage();
  await open(other);
  await choose(other, file);
  await trouble(other, "needs-passphrase");
  await other.getByLabel("Passphrase of the recovery file").fill("seven cafe\u0301 horses"); // another spelling of é
  await press(other, "Restore from this file");
  await heading(other, "Your key");
  await expect(other.locator("#recipient")).toHaveText(recipient);
  await fresh.close();
});

test("the browser is asked to keep what is stored", async ({ page }) => {
  await page.addInitScript(() => {
    globalThis.asked = 0;
    navigator.storage.persist = async () => { globalThis.asked++; return true; };
  });
  await open(page, "/key");
  expect(await page.evaluate(() => globalThis.asked)).toBe(0);
  await press(page, "Make my key");
  await expect(page.locator("#recipient")).toBeVisible();
  await expect.poll(() => page.evaluate(() => globalThis.asked)).toBeGreaterThan(0);
});

test("a file for another key waits for it", async ({ page, server }) => {
  const { out } = await server.town();
  await open(page);
  await choose(page, join(out, "next.hushwatt"));
  await trouble(page, "no-key");
  await page.goto("/key");
  await press(page, "Make my key");
  await expect(page.locator("#recipient")).toBeVisible();
  await page.goto("/");
  await choose(page, join(out, "next.hushwatt"));
  await trouble(page, "wrong-key");
  await choose(page, join(out, "next.key")); // the file in hand opens by itself
  await heading(page, /^(What we read|Your key)$/);
  await page.getByRole("link", { name: "Start" }).first().click();
  await expect(page.getByText("NEXT-0007").first()).toBeVisible();
});

test("everything is forgotten when asked for, and only then", async ({ page }) => {
  await open(page);
  await press(page, "Try it with a made-up home");
  await heading(page, "What we read");
  await page.goto("/history");
  await ready(page);
  await page.getByText("Forget everything on this device").first().click();
  const forget = page.getByRole("button", { name: "Forget everything on this device" });
  await expect(forget).toBeDisabled();
  await page.getByLabel("I understand what this means").check();
  await forget.click();
  await heading(page, "Everything is forgotten");
  const left = await page.evaluate(() => new Promise((resolve, reject) => {
    const r = indexedDB.open("hushwatt");
    r.onerror = () => reject(r.error);
    r.onsuccess = async () => {
      const counts = {};
      for (const name of r.result.objectStoreNames) {
        counts[name] = await new Promise((ok) => {
          r.result.transaction(name).objectStore(name).count().onsuccess = (e) => ok(e.target.result);
        });
      }
      r.result.close();
      resolve(counts);
    };
  }));
  expect(left).toEqual({ records: 0, keys: 0 });
  await open(page, "/");
  await expect(page.getByRole("button", { name: "Try it with a made-up home" })).toBeVisible();
  await page.goto("/history");
  await expect(page.getByText("Nothing yet")).toBeVisible();
});
