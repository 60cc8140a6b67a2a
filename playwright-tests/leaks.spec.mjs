// Nothing leaks: of a whole session, every byte that leaves the browser, the
// supplier's disk and logs, and what the browser itself keeps, are searched for
// readings, in any form that somebody could have thought of.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test as plain, chromium, expect } from "@playwright/test";
import { flags, browser as chromiumPath } from "./support/chromium.mjs";
import { Haystack } from "./support/haystack.mjs";
import { Recorder } from "./support/recorder.mjs";
import { Server } from "./support/server.mjs";
import { choose, follow, heading, open, press, sendButton } from "./support/fixtures.mjs";
import { meterAtHome } from "./support/meter.mjs";

async function filesBelow(dir) {
  const found = [];
  for (const e of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, e.name);
    if (e.isDirectory()) found.push(...await filesBelow(path));
    else if (e.isFile()) found.push(path);
  }
  return found;
}

plain("the search finds readings in every form", () => {
  const readings = Array.from({ length: 400 }, (_, i) => 60 + (i * 7919) % 1931);
  const haystack = new Haystack(readings);
  expect(haystack.runs).toBeGreaterThan(390);
  const noise = (n) => Buffer.from(Array.from({ length: n }, (_, i) => (i * 131 + (i >> 3)) % 251));
  expect(haystack.find(noise(50_000))).toEqual([]);
  const run = readings.slice(100, 106);
  const planted = new Set();
  for (const { name, bytes } of haystack.forms(run)) {
    for (const lead of [1, 2, 3]) {
      const found = haystack.find(Buffer.concat([noise(500 + lead), bytes, noise(77)]));
      expect(found.length, `${name} after ${lead}`).toBeGreaterThan(0);
    }
    planted.add(name);
  }
  // Made here, and not by the search's own code.
  const u16 = Buffer.from(new Uint16Array(run).buffer), u32 = Buffer.from(new Uint32Array(run).buffer);
  for (const [what, bytes] of Object.entries({
    json: Buffer.from(JSON.stringify(readings.slice(50, 90))),
    kwh: Buffer.from(run.map((w) => (w / 1000).toFixed(3)).join(", ")),
    "kwh, comma": Buffer.from(run.map((w) => String(w / 1000).replace(".", ",")).join(";")),
    u16, u32, "u16 be": Buffer.from(u16).swap16(), "u32 be": Buffer.from(u32).swap32(),
    cbor: Buffer.concat([Buffer.from([0x86]), ...run.map((w) => (w < 256 ? Buffer.from([0x18, w]) : Buffer.from([0x19, w >> 8, w & 255])))]),
    hex: Buffer.from(u16.toString("hex")), HEX: Buffer.from(u32.toString("hex").toUpperCase()),
    base64: Buffer.from(Buffer.concat([Buffer.from("x"), u16]).toString("base64")),
    base64url: Buffer.from(Buffer.concat([Buffer.from("xy"), Buffer.from(JSON.stringify(run))]).toString("base64url")),
    "base64, third": Buffer.from(Buffer.concat([Buffer.from("xyz"), u32]).toString("base64")),
  })) {
    expect(haystack.find(Buffer.concat([noise(333), bytes, noise(20)])).length, what).toBeGreaterThan(0);
  }
  expect(planted.size).toBeGreaterThan(30);
});

plain("a full session leaks nothing", async () => {
  const server = await Server.start();
  const recorder = await Recorder.start();
  await server.pause();
  await server.resume("serve"); // logs all that it ever logs
  const profile = join(server.dir, "profile");
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath(), args: flags, baseURL: server.url, locale: "en-GB", timezoneId: "Europe/London",
    proxy: { server: recorder.url, bypass: "<-loopback>" }, // whatever leaves goes through here
  });
  const asked = [];
  context.on("request", (r) => asked.push(r));
  try {
    const page = await context.newPage();
    await open(page, "/key");
    await press(page, "Make my key");
    const home = await meterAtHome(server, await page.locator("#recipient").innerText());
    await walk(page, home);

    const haystack = new Haystack(home.readings);
    expect(haystack.runs).toBeGreaterThan(1400);
    // What left the browser.
    const sent = recorder.bytes();
    expect(sent.includes("POST " + server.url + "/api/v1/bills")).toBe(true); // it was recorded
    expect(sent.length).toBeGreaterThan(10_000);
    expect(haystack.find(sent)).toEqual([]);
    // And it went nowhere else: not from a page, a worker or the service worker.
    // Chromium itself looks for its maker's services, which the recorder refuses.
    expect(recorder.hosts().filter((h) => !/\.(google|googleapis)\.com(:443)?$/.test(h))).toEqual([new URL(server.url).host]);
    expect([...new Set(asked.map((r) => new URL(r.url()).origin))].filter((o) => o !== "null")).toEqual([server.url]);
    expect(sent.includes("#r=")).toBe(false);
    expect(sent.includes(new URL(home.link).hash.slice(3))).toBe(false); // a link's request stays here
    for (const r of asked) {
      const body = r.postDataBuffer();
      expect(haystack.find(Buffer.concat([Buffer.from(r.url() + JSON.stringify(r.headers())), body || Buffer.alloc(0)]))).toEqual([]);
    }
    // What the browser keeps, as its pages see it, and on its disk.
    const kept = await page.evaluate(whatIsKept);
    expect(kept.cached.length).toBeGreaterThan(5);
    for (const path of kept.cached) expect(path).toMatch(/^\/(web\/[\w./-]+|(read|days|bill|compare|send|receipt|history|key|about|404|app\.js|[\w-]+\.(js|css|webmanifest|json|png|svg|ico))?)$/);
    expect(Object.keys(kept.preferences).every((k) => ["hushwatt.scheme", "hushwatt.view"].includes(k)), JSON.stringify(kept.preferences)).toBe(true);
    expect(kept.session).toEqual({});
    expect(kept.cookies).toBe("");
    expect(kept.keys).toEqual([{ extractable: false, name: "AES-GCM", private: "rejected" }]);
    expect(kept.records.length).toBeGreaterThan(3);
    for (const r of kept.records) {
      expect(Object.keys(r.shape).sort(), r.name).toEqual(["data", "iv"]);
      const bytes = Buffer.from(r.data, "base64");
      expect(haystack.find(bytes), r.name).toEqual([]);
      if (bytes.length > 2000) expect(entropy(bytes), r.name + " looks like noise").toBeGreaterThan(7.8);
      expect(haystack.find(Buffer.from(r.name))).toEqual([]);
    }
    for (const text of kept.caches) expect(haystack.find(Buffer.from(text, "base64"))).toEqual([]);

    await context.close();
    const code = await server.pause();
    expect(code).toBe(0);
    for (const path of await filesBelow(profile)) {
      expect(haystack.find(await readFile(path)), path).toEqual([]);
    }
    // What the supplier has: its disk and its log.
    for (const path of await filesBelow(server.data)) {
      expect(haystack.find(await readFile(path)), path).toEqual([]);
    }
    const log = Buffer.from(server.log);
    expect(server.log).toContain("/api/v1/bills");
    expect(haystack.find(log)).toEqual([]);
    expect(server.log).not.toContain(home.meter);
    // The same search finds the readings where they are: one run, planted in what was sent.
    expect(haystack.find(Buffer.concat([sent, Buffer.from(home.readings.slice(40, 46).join(",")), sent])).length).toBe(1);
  } finally {
    await context.close().catch(() => {});
    await recorder.stop();
    await server.stop();
  }
});

// walk is all that a person can do.
async function walk(page, home) {
  await page.goto("/");
  await choose(page, home.file);
  await heading(page, "What we read");
  await page.goto(home.link);
  await heading(page, /^Your bill/);
  await expect(page.locator("table.bill")).toBeVisible();
  await page.goto("/days");
  await expect(page.locator("main svg").first()).toBeVisible();
  for (const view of ["Day", "Week", "Month", "All"]) await page.locator("label", { has: page.getByRole("radio", { name: view, exact: true }) }).click();
  await page.goto("/compare");
  await expect(page.locator("ol.options > li").first()).toBeVisible();
  await page.goto("/send");
  await page.getByText(/^See the exact bytes/).click();
  await press(page, "Not now");
  await heading(page, "Put aside");
  await page.goto("/key");
  const saving = page.waitForEvent("download");
  await press(page, "Save my recovery file");
  await (await saving).path();
  await page.goto("/history");
  await page.locator("ul.entries a").first().click();
  await press(page, "Look at the request again");
  await follow(page, "See what would be sent");
  await sendButton(page).click();
  await heading(page, /^Demo Energy accepted your bill/);
  await page.getByText(/^See the exact bytes/).click();
  await page.goto("/history");
  await expect(page.locator("ul.entries")).toContainText("Accepted");
  await page.evaluate(async () => { await navigator.serviceWorker.ready; });
  await page.reload();
  await heading(page, "History");
}

// whatIsKept runs in the page and lists all that the origin has stored.
async function whatIsKept() {
  const base64 = (buffer) => {
    let s = "";
    for (const b of new Uint8Array(buffer)) s += String.fromCharCode(b);
    return btoa(s);
  };
  const wait = (r) => new Promise((ok, no) => { r.onsuccess = () => ok(r.result); r.onerror = () => no(r.error); });
  const db = await wait(indexedDB.open("hushwatt"));
  const all = async (store) => {
    const s = db.transaction(store).objectStore(store);
    return [await wait(s.getAllKeys()), await wait(db.transaction(store).objectStore(store).getAll())];
  };
  const [names, values] = await all("records");
  const [, keys] = await all("keys");
  const out = { cached: [], caches: [], preferences: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie, records: [], keys: [] };
  values.forEach((v, i) => out.records.push({ name: String(names[i]), shape: v, data: base64(v.data) }));
  for (const k of keys) {
    const way = await crypto.subtle.exportKey("raw", k).then(() => "exported", () => "rejected");
    out.keys.push({ extractable: k.extractable, name: k.algorithm.name, private: way });
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      out.cached.push(new URL(request.url).pathname + new URL(request.url).search);
      if (!/wasm/.test(request.url)) out.caches.push(base64(await (await cache.match(request)).arrayBuffer()));
    }
  }
  return out;
}

function entropy(bytes) {
  const n = new Array(256).fill(0);
  for (const b of bytes) n[b]++;
  return -n.filter(Boolean).reduce((s, c) => s + c / bytes.length * Math.log2(c / bytes.length), 0);
}
