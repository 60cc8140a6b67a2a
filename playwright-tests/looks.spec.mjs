// Every screen and state: no finding of axe by any of its rules, no sideways scrolling at 320
// pixels, readable in light and in dark; and the whole path by keyboard alone.
import { AxeBuilder } from "@axe-core/playwright";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { choose, expect, follow, heading, moveIn, open, press, ready, sendButton, test, toSend, trouble } from "./support/fixtures.mjs";
import { signIn } from "./support/portal.mjs";

// photograph takes pictures of the whole page, on a phone and a desktop, light and dark, into the
// folder HUSHWATT_LOOK.
async function photograph(page, what) {
  const name = what.replace(/[^a-z0-9]+/gi, "-");
  for (const [device, width, height] of [["phone", 360, 780], ["desktop", 1440, 900]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: join(process.env.HUSHWATT_LOOK, `${name}-${device}-${colorScheme}.png`), fullPage: true });
    }
  }
}

// looksRight checks what is on the screen now, in both schemes and at 320 px.
async function looksRight(page, what) {
  const size = page.viewportSize();
  if (process.env.HUSHWATT_LOOK) await photograph(page, what);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect.soft(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")}`), `${what}, ${colorScheme}`).toEqual([]);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  // The chart is drawn anew once the program has heard of it.
  await expect.soft.poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    { message: `${what} at 320 px`, timeout: 60_000 }).toBeLessThanOrEqual(0);
  await page.setViewportSize(size);
}

test("empty screens", async ({ page }) => {
  for (const path of ["/", "/read", "/days", "/bill", "/send", "/receipt", "/history", "/key", "/compare", "/about", "/nowhere"]) {
    await open(page, path);
    await expect(page.locator("main h1")).toHaveCount(1);
    await looksRight(page, "empty " + path);
  }
});

test("light and dark are different, and follow the system", async ({ page }) => {
  const colours = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await open(page);
    colours.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b)));
  }
  expect(colours[0]).toBeGreaterThan(600);
  expect(colours[1]).toBeLessThan(200);
});

test("colours can be chosen, stay chosen, and are there before anything is drawn", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await open(page);
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b));
  expect(await paper()).toBeGreaterThan(600);
  await page.getByLabel("Colours").selectOption("dark");
  await expect.poll(paper).toBeLessThan(200);
  await looksRight(page, "start, dark by choice");
  await page.emulateMedia({ colorScheme: "light" });
  await page.route("**/app-*.wasm", (route) => route.abort()); // no program at all
  await page.goto("/");
  expect(await paper()).toBeLessThan(200);
  await page.unroute("**/app-*.wasm");
  await open(page);
  await expect(page.getByLabel("Colours")).toHaveValue("dark");
  await page.getByLabel("Colours").selectOption("system");
  await expect.poll(paper).toBeGreaterThan(600);
});

test("screens on the way", async ({ page }) => {
  await moveIn(page);
  await looksRight(page, "read");
  await follow(page, "See my days");
  await expect(page.locator("main svg").first()).toBeVisible();
  await looksRight(page, "days");
  for (const view of ["Day", "Week", "Month"]) {
    await page.locator("label", { has: page.getByRole("radio", { name: view, exact: true }) }).click();
    await looksRight(page, "days, " + view);
  }
  await page.goto("/bill");
  await expect(page.locator("table.bill")).toBeVisible();
  await page.getByText("Why this much?").first().click();
  await looksRight(page, "bill");
  await page.goto("/compare");
  await expect(page.locator("ol.options > li").first()).toBeVisible();
  await looksRight(page, "compare");
  await page.getByRole("button", { name: "Show its prices" }).first().click();
  await expect(page.locator("ol.options svg.windows").first()).toBeVisible();
  await page.getByText("The same in words").first().click();
  await looksRight(page, "a tariff's week");
  await page.goto("/send");
  await page.getByText(/^See the exact bytes/).click();
  await looksRight(page, "send");
  await press(page, "This looks wrong");
  await looksRight(page, "looks wrong");
  await sendButton(page).click();
  await heading(page, /^Demo Energy accepted your bill/);
  await looksRight(page, "receipt");
  await page.goto("/history");
  await expect(page.locator("ul.entries")).toBeVisible();
  await page.getByText("Forget everything on this device").first().click();
  await looksRight(page, "history");
  await page.goto("/");
  await heading(page, "Your bills");
  await looksRight(page, "start again");
});

test("key screens", async ({ page }) => {
  await open(page, "/key");
  await press(page, "Make my key");
  await expect(page.locator("#recipient")).toBeVisible();
  await looksRight(page, "key");
  await press(page, "Save my recovery file");
  await expect(page.locator(".phrase")).toBeVisible();
  await looksRight(page, "recovery file");
});

test("states", async ({ page, server }) => {
  const { links, out } = await server.town();
  const opened = (name) => links[name].slice(server.url.length);
  await open(page);
  await choose(page, join(out, "next.hushwatt"));
  await trouble(page, "no-key");
  await looksRight(page, "no key");
  const text = join(server.dir, "notes.txt");
  await writeFile(text, "hello\n");
  await choose(page, text);
  await trouble(page, "not-a-meter-file");
  await looksRight(page, "not ours");
  await open(page, "/");
  await press(page, "Try it with a made-up home");
  await heading(page, "What we read");
  for (const [name, code] of [["next", "other-meter"], ["early", "period-not-covered"], ["strict", "days-missing"],
    ["weights", "weights-differ"], ["spy", "tariff-refused-privacy"], ["expired", "request-expired"]]) {
    await page.goto(opened(name));
    await trouble(page, code);
    await looksRight(page, code);
    await page.goto("/send");
    await ready(page);
    await heading(page, /.+/);
    await looksRight(page, code + ", send");
  }
});

test("offline and refused", async ({ page, context, server }) => {
  await moveIn(page);
  await toSend(page);
  await context.route("**/api/v1/bills", (route) => route.abort("connectionrefused"));
  await sendButton(page).click();
  await trouble(page, "supplier-offline");
  await looksRight(page, "supplier offline");
  await page.goto("/");
  await heading(page, "Your bills");
  await looksRight(page, "start, waiting");
  await server.staff("POST", "/requests/1/withdrawal");
  await context.unroute("**/api/v1/bills");
  await page.goto("/history");
  await expect(page.locator("ul.entries")).toContainText("Refused");
  await page.locator("ul.entries a").first().click();
  await expect(page.getByText("Why it was refused")).toBeVisible();
  await looksRight(page, "refused");
});

test("the portal", async ({ page, server }) => {
  await page.goto("/portal/");
  await looksRight(page, "portal, login");
  await signIn(page, server);
  for (const path of ["/portal/", "/portal/bills/1", "/portal/requests/new", "/portal/tariffs", "/portal/tariffs/new", "/portal/meters", "/portal/evidence", "/portal/authorities"]) {
    await page.goto(path);
    await looksRight(page, path);
  }
  await server.town();
  await page.goto("/portal/meters");
  await looksRight(page, "portal, a contradiction");
  await follow(page, "See the evidence");
  await expect(page.getByRole("heading", { name: /^NEXT-0007/ })).toBeVisible();
  await page.getByText("The two signed accounts, to hand on").click();
  await looksRight(page, "portal, evidence");
});

// tabTo presses Tab until an element has the focus.
async function tabTo(page, target) {
  for (let i = 0; i < 80; i++) {
    if (await target.evaluate((e) => e === document.activeElement).catch(() => false)) {
      const ring = await target.evaluate((e) => {
        const s = getComputedStyle(e);
        return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== "none";
      });
      expect(ring, "the focus is seen").toBe(true);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error("the keyboard does not get there");
}

async function key(page, target, press = "Enter") {
  await expect(target).toBeVisible();
  await tabTo(page, target);
  await page.keyboard.press(press);
}

test("the whole path by keyboard alone", async ({ page, server }) => {
  await open(page);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await page.keyboard.press("Enter");
  await key(page, page.getByRole("button", { name: "Try it with a made-up home" }));
  await heading(page, "What we read");
  await expect(page.locator("#main")).toBeFocused();
  await key(page, page.getByRole("link", { name: "See my days" }));
  const chart = page.locator("#chart");
  await expect(chart).toBeVisible();
  await tabTo(page, chart);
  const before = await chart.getAttribute("aria-valuetext");
  await page.keyboard.press("ArrowRight");
  await expect(chart).not.toHaveAttribute("aria-valuetext", before);
  await key(page, page.getByRole("main").getByRole("link", { name: "See the bill" }));
  await expect(page.locator("table.bill")).toBeVisible();
  const why = page.locator("table.bill summary").first();
  await key(page, why, "Space");
  await expect(page.locator(".sums").first()).toBeVisible();
  await key(page, page.getByRole("link", { name: "See what would be sent" }));
  await key(page, sendButton(page));
  await heading(page, /^Demo Energy accepted your bill/);
  expect(await server.accepted()).toHaveLength(1);
});
