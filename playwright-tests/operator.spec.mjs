// The network operator's page over a made-up street: sums appear as half-hours end,
// can be taken along and checked, and nothing about one home is there.
import { AxeBuilder } from "@axe-core/playwright";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@playwright/test";
import { watch } from "./support/fixtures.mjs";

const program = join(process.env.HUSHWATT_E2E_PROGRAMS, "hushwatt");

// street plays one and returns the address of its page.
async function street() {
  const child = spawn(program, ["aggregate", "serve", "--demo", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
  let told = "";
  const url = await new Promise((resolve, reject) => {
    child.stderr.on("data", (d) => {
      told += d;
      const found = /on (http:\/\/127\.0\.0\.1:\d+)/.exec(told);
      if (found) resolve(found[1]);
    });
    child.on("exit", () => reject(new Error(told)));
  });
  return { url, stop: () => new Promise((done) => { child.on("exit", done); child.kill("SIGTERM"); }) };
}

test("sums appear, are drawn, and can be checked by anyone", async ({ page, request }) => {
  const played = await street();
  const dir = await mkdtemp(join(tmpdir(), "hushwatt-operator-"));
  try {
    const faults = watch(page);
    await expect(async () => {
      await page.goto(played.url);
      expect(await page.locator("path.curve").count()).toBe(3);
      expect(await page.locator("rect.here").count()).toBeGreaterThan(6);
    }).toPass();
    const before = await page.locator("rect.here").count();
    await expect.poll(() => page.locator("rect.here").count()).toBeGreaterThan(before); // by itself
    // From here on it stands still: it must not change under the search for faults.
    await page.route(played.url + "/", (route) => (route.request().resourceType() === "fetch" ? route.abort() : route.continue()));
    await page.goto(played.url);
    await page.getByText("The numbers, and what to check them with").first().click();
    await expect(page.getByText("Nothing about one home exists here to be shown.")).toBeVisible();
    expect(await page.content()).not.toContain("house-");
    for (const [colorScheme, width] of [["light", 1440], ["dark", 360], ["light", 320]]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((v) => `${v.id}: ${v.nodes[0].target}`), `${colorScheme}, ${width} px`).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      if (process.env.HUSHWATT_LOOK) await page.screenshot({ path: join(process.env.HUSHWATT_LOOK, `operator-${colorScheme}-${width}.png`), fullPage: true });
    }
    const { releases } = await (await request.get(`${played.url}/sets/street`)).json();
    const file = join(dir, "slot.release");
    await writeFile(file, await (await request.get(played.url + releases[0].file)).body());
    const { stdout } = await promisify(execFile)(program, ["aggregate", "verify", "--json", "--release", file]);
    const checked = JSON.parse(stdout).releases.find((r) => r.set === "street");
    expect(checked).toMatchObject({ meters: releases[0].meters, sum_wh: releases[0].sum_wh, mean_wh: releases[0].mean_wh, verified: true });
    const bytes = await readFile(file);
    bytes[bytes.length - 5] ^= 1;
    await writeFile(file, bytes);
    await expect(promisify(execFile)(program, ["aggregate", "verify", "--release", file])).rejects.toMatchObject({ code: 1 });
    expect(faults).toEqual([]);
  } finally {
    await played.stop();
    await rm(dir, { recursive: true });
  }
});
