// Small pictures of the main screens for docs/screens, made anew by
// `make screens`: a desktop in light, a phone in dark colours.
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import { browser as executable, flags } from "./support/chromium.mjs";
import { heading, moveIn, follow, sendButton, toSend } from "./support/fixtures.mjs";
import { signIn } from "./support/portal.mjs";
import { Server } from "./support/server.mjs";

const out = new URL("../docs/screens/", import.meta.url).pathname;
const devices = {
  desktop: { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 },
  phone: { viewport: { width: 360, height: 780 }, deviceScaleFactor: 1, colorScheme: "dark" },
};

async function householder(page, shoot) {
  await page.goto("/");
  await shoot("start");
  await moveIn(page);
  await shoot("read");
  await follow(page, "See my days");
  await heading(page, "Your days");
  await page.getByText(/kWh of energy/).waitFor();
  await shoot("days");
  await page.goto("/read");
  await toSend(page);
  await shoot("send");
  await page.getByRole("link", { name: "Bill", exact: true }).first().click();
  await heading(page, /^Your bill/);
  if (page.viewportSize().width > 1000) await page.locator("svg.heat").first().waitFor(); // beside the bill, where there is room
  await shoot("bill");
  await page.getByRole("link", { name: "Send", exact: true }).first().click();
  await sendButton(page).click();
  await heading(page, /accepted your bill/);
  await shoot("receipt");
}

await mkdir(out, { recursive: true });
const browser = await chromium.launch({ executablePath: executable(), args: flags });
for (const [device, options] of Object.entries(devices)) {
  const server = await Server.start();
  const context = await browser.newContext({ ...options, baseURL: server.url });
  const page = await context.newPage();
  const shoot = (name) => page.screenshot({ path: `${out}${device}-${name}.jpg`, type: "jpeg", quality: 70, animations: "disabled" });
  await householder(page, shoot);
  await signIn(page, server);
  await shoot("portal");
  await context.close();
  await server.stop();
}
await browser.close();
