// Lighthouse on its phone profile, median of three runs a page, over the real
// server with programs compressed as for a release. Writes its table into
// docs/benchmarks-browser.md, and fails if a page is below the aims.
import * as launcher from "chrome-launcher";
import lighthouse from "lighthouse";
import { loadavg } from "node:os";
import { browser, flags } from "../support/chromium.mjs";
import { median, writePart } from "../support/report.mjs";
import { Server } from "../support/server.mjs";

const runs = 3;
const pages = { Start: "/", "How it works": "/about", "Your key": "/key" };
const aims = { performance: 85, accessibility: 100, "best-practices": 100, seo: 100 };
const metrics = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "speed-index", "cumulative-layout-shift"];

const server = await Server.start();
const missed = [];
const rows = [];
try {
  for (const [name, path] of Object.entries(pages)) {
    const results = [];
    for (let i = 0; i < runs; i++) results.push(await once(server.url + path));
    rows.push(row(name, results));
  }
} finally {
  await server.stop();
}

const text = `## Lighthouse

Made by \`make lighthouse\`: Lighthouse ${(await import("lighthouse/package.json", { with: { type: "json" } })).default.version} with its phone profile (simulated slow 4G, processor four times slower), a fresh browser each time, median of ${runs}. Load average of the machine at the end: ${loadavg()[0].toFixed(1)}.

| page | performance (aim ≥ 85) | accessibility | best practices | SEO (aim: 100 each) | first paint | largest paint | blocked | speed index | shift |
|---|---|---|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
await writePart(text);
console.log(text);
if (missed.length) {
  console.error("lighthouse: missed:\n" + missed.join("\n"));
  process.exitCode = 1;
}

async function once(url) {
  const chrome = await launcher.launch({ chromePath: browser(), chromeFlags: ["--headless=new", ...flags] });
  try {
    const { lhr } = await lighthouse(url, { port: chrome.port, logLevel: "error", onlyCategories: Object.keys(aims) });
    return lhr;
  } finally {
    chrome.kill();
  }
}

function row(name, results) {
  const scores = Object.entries(aims).map(([category, aim]) => {
    const score = Math.round(100 * median(results.map((r) => r.categories[category].score)));
    if (score < aim) missed.push(`${name}: ${category} ${score}: ${failures(results[0], category)}`);
    return score;
  });
  const values = metrics.map((m) => {
    const v = median(results.map((r) => r.audits[m].numericValue));
    return m === "cumulative-layout-shift" ? v.toFixed(3) : m === "total-blocking-time" ? `${Math.round(v)} ms` : `${(v / 1000).toFixed(1)} s`;
  });
  return `| ${name} | ${[...scores, ...values].join(" | ")} |`;
}

function failures(r, category) {
  const refs = r.categories[category].auditRefs.filter((a) => a.weight > 0 && (r.audits[a.id].score ?? 1) < 1);
  return refs.map((a) => `${a.id} ${r.audits[a.id].displayValue ?? ""}`).join(", ");
}
