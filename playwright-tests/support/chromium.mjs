// Which Chromium is used, and how it is started.
import { existsSync } from "node:fs";

const places = [
  process.env.HUSHWATT_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/snap/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

// browser returns the path of a Chromium.
export function browser() {
  const found = places.find((p) => p && existsSync(p));
  if (!found) throw new Error("no Chromium here: install it, or name it in HUSHWATT_CHROMIUM");
  return found;
}

// flags keep the browser from talking to anybody but the page's server.
export const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
