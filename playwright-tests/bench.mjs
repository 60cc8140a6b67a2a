// How fast the app works in Chromium: its own worker and programs, over the real
// server, with the key unwrapped and the worker started. Writes
// docs/benchmarks-browser.md.
import { chromium } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { browser as chromiumPath, flags } from "./support/chromium.mjs";
import { median, writePart } from "./support/report.mjs";
import { Server } from "./support/server.mjs";

const rounds = 20;
const aims = { month: 120, year: 400, click: 3000 }; // ms

const server = await Server.start();
const chrome = await chromium.launch({ executablePath: chromiumPath(), args: flags });
try {
  const { out } = await server.town("--year");
  const file = async (path) => [...await readFile(path)];
  const files = {
    home: await file(server.home("home.hushwatt")), homeKey: await file(server.home("home.key")),
    whole: await file(join(out, "whole.request")),
    lines: [...Buffer.from(await (await fetch(server.url + "/demo/home.request")).arrayBuffer())],
    year: await file(join(out, "year.hushwatt")), yearKey: await file(join(out, "year.key")),
  };
  const page = await (await chrome.newContext({ baseURL: server.url })).newPage();
  await page.goto("/about");
  await page.locator("html[data-app=ready]").waitFor({ state: "attached" });
  await page.waitForTimeout(2000); // the app's own start, and its service worker's
  const result = await page.evaluate(measure, { files, rounds });
  const tasks = await throughTheApp(await (await chrome.newContext({ baseURL: server.url })).newPage());
  const first = [];
  for (let i = 0; i < 5; i++) first.push(await firstClick(chrome));
  const text = report(result, tasks, first, chrome.version());
  await writePart(text);
  console.log(text);
} finally {
  await chrome.close();
  await server.stop();
}

// measure runs in the page: a worker of the app, asked as the app asks it.
async function measure({ files, rounds }) {
  const worker = new Worker("/web/worker.js");
  const calls = new Map();
  let last = 0, started;
  const ready = new Promise((ok) => { started = ok; });
  worker.onmessage = ({ data: m }) => {
    if (m.ready) started();
    const c = calls.get(m.id);
    if (!c || m.progress) return;
    calls.delete(m.id);
    if (m.error) c.no(new Error(m.error)); else c.ok(JSON.parse(m.result));
  };
  const call = (type, body, data) => new Promise((ok, no) => {
    const id = ++last, parts = data ? [new Uint8Array(data).buffer] : [];
    calls.set(id, { ok, no });
    worker.postMessage({ id, type, body: body ? JSON.stringify(body) : "", parts }, parts);
  });
  const open = (data) => call("open", { name: "file" }, data);
  const timed = async (work) => { const t = performance.now(); const r = await work(); return [performance.now() - t, r]; };

  const t0 = performance.now();
  await ready;
  const start = performance.now() - t0;
  await call("hello", { origin: location.origin, clock: "Europe/London" });
  await open(files.homeKey);
  await open(files.yearKey);
  const asks = { whole: await call("request", {}, files.whole), lines: await call("request", {}, files.lines) };

  const long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries().map((e) => e.duration))).observe({ entryTypes: ["longtask"] });
  const times = { open: [], bill: [], prove: [], month: [], lines: [], year: [] };
  for (let i = -2; i < rounds; i++) { // the first two warm up
    const [o, opened] = await timed(() => open(files.home));
    const [b, bill] = await timed(() => call("bill", { request: asks.whole.id }));
    const [p] = await timed(() => call("prove", { bill: bill.id }));
    const [l] = await timed(async () => call("prove", { bill: (await call("bill", { request: asks.lines.id })).id }));
    await call("forget-home", { home: opened.home.id });
    if (i >= 0) { times.open.push(o); times.bill.push(b); times.prove.push(p); times.month.push(o + b + p); times.lines.push(o + l); }
  }
  for (let i = -2; i < rounds; i++) {
    const [y, opened] = await timed(() => open(files.year));
    await call("forget-home", { home: opened.home.id });
    if (i >= 0) times.year.push(y);
  }
  await new Promise((ok) => setTimeout(ok, 300));
  worker.terminate();
  return { start, times, long };
}

// throughTheApp has the app itself do all of it and tells the longest tasks of
// its window while it does: opening, bill, proof, sending.
async function throughTheApp(page) {
  await page.addInitScript(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map((e) => ({ at: e.startTime, ms: e.duration })))).observe({ entryTypes: ["longtask"] });
  });
  await page.goto("/");
  await page.locator("html[data-app=ready]").waitFor({ state: "attached" });
  await page.waitForTimeout(3000);
  const worst = {};
  const step = async (name, work) => {
    await page.evaluate(() => { globalThis.tasks.length = 0; });
    await work();
    await page.waitForTimeout(500);
    worst[name] = Math.max(0, ...await page.evaluate(() => globalThis.tasks.map((t) => t.ms)));
  };
  await step("opening a month", async () => {
    await page.getByRole("button", { name: "Try it with a made-up home" }).click();
    await page.getByRole("heading", { name: "What we read" }).waitFor();
  });
  await step("drawing the days", async () => {
    await page.getByRole("main").getByRole("link", { name: "See my days" }).click();
    await page.locator("#chart svg").first().waitFor();
  });
  await step("bill", async () => {
    await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Bill" }).click();
    await page.locator("table.bill").waitFor();
  });
  await step("proof", async () => {
    await page.getByRole("main").getByRole("link", { name: "See what would be sent" }).click();
    await page.getByText(/^See the exact bytes/).waitFor();
  });
  await step("sending", async () => {
    await page.getByRole("button", { name: /^Send my/ }).click();
    await page.getByText("Receipt number").first().waitFor();
  });
  return worst;
}

// firstClick is a first visit on a phone (9 Mbit/s, 60 ms away, a processor four
// times slower): when the page can be read, and when its button has answered.
async function firstClick(chrome) {
  const context = await chrome.newContext({ baseURL: server.url, viewport: { width: 360, height: 780 } });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", { offline: false, latency: 60, downloadThroughput: 9e6 / 8, uploadThroughput: 9e6 / 8 });
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  // Someone who presses the button again and again until something happens.
  await page.addInitScript(() => {
    const look = setInterval(() => {
      if (document.querySelector(".progress")) { globalThis.answered ??= performance.now(); clearInterval(look); return; }
      [...document.querySelectorAll("button")].find((b) => b.textContent === "Try it with a made-up home")?.click();
    }, 50);
  });
  await page.goto("/", { waitUntil: "commit" });
  await page.waitForFunction(() => globalThis.answered, null, { timeout: 60_000 });
  const times = await page.evaluate(() => ({
    readable: performance.getEntriesByName("first-contentful-paint")[0].startTime, answered: globalThis.answered,
  }));
  await context.close();
  return times;
}

function report({ start, times, long }, tasks, first, version) {
  const ms = (x) => (x < 10 ? x.toFixed(1) : x.toFixed(0)) + " ms";
  const row = (name, list, aim) => `| ${name} | ${ms(median(list))} | ${ms(Math.min(...list))} to ${ms(Math.max(...list))} | ${aim ? "≤ " + aim + " ms" + (median(list) <= aim ? "" : ", **missed**") : ""} |`;
  const worst = Math.max(0, ...long);
  return `# In the browser

Made by \`make bench-browser\`: Chromium ${version} on ${cpus().length} × ${cpus()[0].model.trim()}, the app's own worker over the real server, median of ${rounds} after two to warm up.
The worker is started and the key unwrapped before (${ms(start)} from making the worker until its program runs). Load average of the machine at the end: ${loadavg()[0].toFixed(1)}.

| what | median | from, to | aim |
|---|---|---|---|
${row("open and check a month's export", times.open)}
${row("work out its bill (lines, privacy rules)", times.bill)}
${row("prove it, and check the proof", times.prove)}
${row("**open, check and prove a month, rounded once (stage bill)**", times.month, aims.month)}
${row("the same, rounded at each of its lines (stage line)", times.lines)}
${row("**open and check a year's export**", times.year, aims.year)}

Tasks of the window over 50 ms while the worker did all of the above: ${long.length ? long.length + ", the longest " + ms(worst) : "none"}.

The app itself, from click to click; the longest task of the window over 50 ms (aim: none):

| step | longest task |
|---|---|
${Object.entries(tasks).map(([name, t]) => `| ${name} | ${t ? ms(t) : "none"} |`).join("\n")}

A first visit at 9 Mbit/s, 60 ms away, on a processor slowed down four times, median of ${first.length}:
first contentful paint after ${ms(median(first.map((f) => f.readable)))}, the first button has answered a click after ${ms(median(first.map((f) => f.answered)))} (aim: ≤ ${aims.click} ms).
`;
}
