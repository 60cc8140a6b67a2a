// Files that no meter has sealed: downloads from a supplier or a portal. They are
// read on the device, what they leave open is asked, the days are drawn and
// priced, all of it marked as not certified, and nothing is sent.
import { AxeBuilder } from "@axe-core/playwright";
import { gzipSync } from "node:zlib";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { choose, expect, follow, heading, open, press, test, trouble } from "./support/fixtures.mjs";
import { Haystack } from "./support/haystack.mjs";

// october is a made-up home's half-hours of 30 September to 31 October 2026, UTC.
const start = Date.UTC(2026, 8, 30), slots = 33 * 48;
const readings = Array.from({ length: slots }, (_, i) => 80 + (i * 7919) % 1637 + (i % 48 > 34 ? 400 : 0));
const utc = (i) => new Date(start + i * 1_800_000).toISOString();

const withOffsets = () => "start,wh\n" + readings.map((wh, i) => `${utc(i).slice(0, 19)}Z,${wh}\n`).join("");
// onTheWall is the same on London's clock without offsets, the day first or last.
const onTheWall = (from, to) => "Start,Usage (kWh)\n" + readings.slice(from, to).map((wh, k) => {
  const t = new Date(start + (from + k) * 1_800_000 + 3_600_000).toISOString(); // summer time
  return `${t.slice(8, 10)}/${t.slice(5, 7)}/${t.slice(0, 4)} ${t.slice(11, 16)},${(wh / 1000).toFixed(3)}\n`;
}).join("");

async function file(server, name, content) {
  const path = join(server.dir, name);
  await writeFile(path, content);
  return path;
}

const marks = (page) => page.getByText("Nobody can verify this bill", { exact: false });

async function fine(page, what) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect.soft(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")}`), `${what}, ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

test("a download is read, drawn and priced; nothing of it leaves", async ({ page, context, server }) => {
  const sent = [];
  context.on("request", (r) => sent.push(r));
  await open(page);
  expect(page.workers().filter((w) => w.url().includes("reader"))).toEqual([]); // started only when it is needed
  await choose(page, await file(server, "readings.csv.gz", gzipSync(withOffsets())));
  await heading(page, "What we read");
  expect(page.workers().filter((w) => w.url().includes("reader"))).toHaveLength(1);
  await expect(page.getByText("Not certified: nobody can verify this bill.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "How the file was read" })).toBeVisible();
  await expect(page.locator("dl.facts").last()).toContainText("Format");
  await expect(page.locator("main")).toContainText(slots.toLocaleString("en-GB"));
  await fine(page, "read");
  await follow(page, "See my days");
  await expect(page.locator("#chart svg").first()).toBeVisible();
  await expect(marks(page)).toBeVisible();
  await expect(page.locator("figcaption")).toContainText("31 days");
  await fine(page, "days");
  await follow(page, "See the bill");
  await heading(page, "Work out a bill");
  await press(page, "Choose a tariff");
  await page.getByLabel("Tariff").selectOption({ index: 0 });
  await page.getByLabel("First day").fill("2026-10-01");
  await page.getByLabel("Last day").fill("2026-10-31");
  await press(page, "Work out this bill");
  await expect(page.locator("table.bill")).toBeVisible();
  await expect(marks(page).first()).toBeVisible();
  await fine(page, "bill");
  await expect(page.getByRole("button", { name: /^(Send|Save)/ })).toHaveCount(0);
  await expect(page.locator('main a[href="/send"]')).toHaveCount(0);
  await follow(page, "On another tariff");
  await expect(page.locator("ol.options > li")).not.toHaveCount(0);
  await expect(marks(page)).toBeVisible();
  await fine(page, "compare");
  await page.goto("/send");
  await heading(page, "What leaves this device");
  await expect(page.getByRole("button", { name: /^(Send|Save)/ })).toHaveCount(0);
  await page.goto("/");
  await expect(page.getByText("Not certified")).toBeVisible();

  const haystack = new Haystack(readings);
  expect(haystack.runs).toBeGreaterThan(1400);
  expect(sent.some((r) => r.url().includes("reader-"))).toBe(true);
  for (const r of sent) {
    expect(["GET", "HEAD"], r.url()).toContain(r.method());
    expect(haystack.find(Buffer.from(r.url() + JSON.stringify(r.headers())))).toEqual([]);
  }
  const kept = await page.evaluate(async () => {
    const wait = (r) => new Promise((ok, no) => { r.onsuccess = () => ok(r.result); r.onerror = () => no(r.error); });
    const db = await wait(indexedDB.open("hushwatt"));
    const records = await wait(db.transaction("records").objectStore("records").getAll());
    return { records: records.map((r) => Array.from(new Uint8Array(r.data))), local: JSON.stringify({ ...localStorage }) };
  });
  expect(kept.records.some((r) => r.length > 4 * slots)).toBe(true); // it is there, encrypted
  for (const r of kept.records) expect(haystack.find(Buffer.from(r))).toEqual([]);
  expect(haystack.find(Buffer.from(kept.local))).toEqual([]);
  expect(await server.accepted()).toEqual([]);
});

test("what a file leaves open is asked, and nothing is chosen beforehand", async ({ page, server }) => {
  await open(page);
  await choose(page, await file(server, "portal.csv", onTheWall(46, 46 + 9 * 48)));
  const card = page.locator("#question");
  await expect(card).toContainText("may be day/month or month/day");
  await expect(card.locator("input:checked")).toHaveCount(0);
  await fine(page, "question");
  await press(page, "Go on with this answer"); // without one: asked on
  await expect(card).toContainText("may be day/month or month/day");
  await card.getByText("Day, then month").click();
  await press(page, "Go on with this answer");
  await expect(card).toContainText("By which clock");
  await expect(card.getByLabel("Answer")).toHaveValue("?");
  await fine(page, "question, clock");
  await card.getByLabel("Answer").selectOption("Europe/London");
  await press(page, "Go on with this answer");
  await heading(page, "What we read");
  await expect(page.locator("main")).toContainText("1–9 October 2026");
  await expect(page.locator("main")).toContainText("Europe/London");
});

test("the hour that clocks repeat, standing once, is asked about", async ({ page, server }) => {
  // London's clocks go back on 25 October 2026: 01:00 comes twice, and once here.
  const lines = [];
  for (let d = 23; d <= 27; d++) for (let s = 0; s < 48; s++) {
    lines.push(`2026-10-${d} ${String(s >> 1).padStart(2, "0")}:${s % 2 ? 30 : "00"},0.${100 + (d * 48 + s) * 7919 % 797}\n`);
  }
  await open(page);
  await choose(page, await file(server, "portal.csv", "Start,Usage (kWh)\n" + lines.join("")));
  const card = page.locator("#question");
  await expect(card).toContainText("By which clock");
  await card.getByLabel("Answer").selectOption("Europe/London");
  await press(page, "Go on with this answer");
  await expect(card.getByRole("radio")).toHaveCount(4);
  await expect(card).toContainText("the second is missing");
  await fine(page, "question, lost hour");
  await card.getByText("first of the two, the second is missing").click();
  await press(page, "Go on with this answer");
  await heading(page, "What we read");
  await expect(page.locator("dl.facts").first()).toContainText("242");
  await page.getByText("Which ones?").first().click();
  await expect(page.locator("ul.slots")).toContainText("Sunday 25 October, 01:00");
});

test("several meters in a file, and a file that nobody knows", async ({ page, server }) => {
  let text = "LCLid,tstp,energy(kWh/hh)\n";
  for (const id of ["MAC000002", "MAC000003"]) for (let s = 0; s < 96; s++) {
    text += `${id},2013-01-0${5 + (s > 47)} ${String((s >> 1) % 24).padStart(2, "0")}:${s % 2 ? 30 : "00"}:00, 0.${200 + s}\n`;
  }
  await open(page);
  await choose(page, await file(server, "homes.csv", text));
  const card = page.locator("#question");
  await expect(card).toContainText("2 meters");
  await card.getByText("MAC000003").click();
  await press(page, "Go on with this answer");
  await heading(page, "What we read");
  await expect(page.locator("dl.facts").first()).toContainText("MAC000003");
  await open(page);
  await heading(page, "Your bills");
  await choose(page, await file(server, "letter.txt", "Dear customer,\nyour readings are late.\n"));
  const box = await trouble(page, "not-a-meter-file");
  await expect(box).toContainText("“letter.txt” is not a meter file");
  await fine(page, "not a meter file");
});

test("it works without a network", async ({ page, context, server }) => {
  await open(page);
  await page.evaluate(async () => { await navigator.serviceWorker.ready; });
  await expect.poll(() => page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (n) => (await (await caches.open(n)).keys()).map((r) => r.url)))).flat().some((u) => u.includes("reader-") && u.endsWith(".wasm")))).toBe(true);
  await context.setOffline(true);
  await choose(page, await file(server, "readings.csv", withOffsets()));
  await heading(page, "What we read");
});
