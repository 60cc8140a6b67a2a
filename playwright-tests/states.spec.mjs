// Every designed state that is not the straight way: what is told, that nothing
// was sent, and that the next step is there.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Server } from "./support/server.mjs";
import { choose, expect, follow, heading, moveIn, open, press, sendButton, test, toSend, trouble } from "./support/fixtures.mjs";

// Nobody has answered anything.
async function nothingSent(server) {
  expect((await server.bills()).map((b) => b.state)).not.toContain("accepted");
  expect((await server.bills()).map((b) => b.state)).not.toContain("refused");
}

const opened = (links, server, name) => links[name].slice(server.url.length);

test("other meter: the request is about a meter that is not here", async ({ page, server }) => {
  const { links, out } = await server.town();
  await moveIn(page);
  await page.goto(opened(links, server, "next"));
  const box = await trouble(page, "other-meter");
  await expect(box).toContainText("NEXT-0007");
  await choose(page, join(out, "next.key"));
  await heading(page, "Your key");
  await page.goto("/");
  await heading(page, "Your bills");
  await choose(page, join(out, "next.hushwatt"));
  await heading(page, "What we read");
  await expect(page.getByText("NEXT-0007", { exact: true }).first()).toBeVisible();
  await nothingSent(server);
});

test("period not covered: the request is about a month before the file", async ({ page, server }) => {
  const { links } = await server.town();
  await moveIn(page);
  await page.goto(opened(links, server, "early"));
  await trouble(page, "period-not-covered");
  await expect(page.locator("#file")).toBeAttached(); // a newer file can be opened right here
  await nothingSent(server);
});

test("days missing: the tariff takes no missing half-hours, and they are named", async ({ page, server }) => {
  const { links } = await server.town();
  await moveIn(page);
  await page.goto(opened(links, server, "strict"));
  const box = await trouble(page, "days-missing");
  await box.getByText("Which half-hours?").click();
  await expect(box.locator("ul.slots li").first()).toContainText(/\d\d:\d\d/);
  await nothingSent(server);
});

for (const [name, code] of [
  ["weights", "weights-differ"],
  ["spy", "tariff-refused-privacy"],
  ["expired", "request-expired"],
]) {
  test(`${code}: the bill is shown, and cannot be sent`, async ({ page, server }) => {
    const { links } = await server.town();
    await moveIn(page);
    await page.goto(opened(links, server, name));
    await heading(page, /^Your bill/);
    await trouble(page, code);
    await expect(page.locator("table.bill")).toBeVisible();
    await follow(page, "Answer without a bill");
    await trouble(page, code);
    await expect(sendButton(page)).toHaveCount(0);
    await press(page, "This looks wrong");
    await press(page, "Put the request aside, send nothing");
    await heading(page, "Put aside: this looks wrong");
    await nothingSent(server);
  });
}

test("a server that answers with another tariff is not believed", async ({ page, server, context }) => {
  const { tariffs } = await server.staff("GET", "/tariffs");
  const evening = tariffs.find((t) => t.planId === "demo-evening"), other = tariffs.find((t) => t.planId !== "demo-evening");
  await context.route(`**/api/v1/tariffs/${evening.id}`, async (route) => {
    await route.fulfill({ response: await route.fetch({ url: `${server.url}/api/v1/tariffs/${other.id}` }) });
  });
  await moveIn(page);
  await follow(page, "Straight to the bill");
  await trouble(page, "tariff-not-found"); // what came is not what the request names
  await expect(page.locator("table.bill")).toHaveCount(0);
  await nothingSent(server);
});

test("bill refused, with a reference that the supplier finds", async ({ page, server }) => {
  await moveIn(page);
  await toSend(page);
  const [{ serial }] = await server.bills();
  await server.staff("POST", `/requests/${serial}/withdrawal`);
  await sendButton(page).click();
  await page.waitForURL(/\/receipt#/);
  const box = await trouble(page, "bill-refused");
  const reference = (await box.locator("strong.bytes").innerText()).trim();
  expect(reference.length).toBeGreaterThan(5);
  const [bill] = await server.bills();
  expect(JSON.stringify(await server.staff("GET", `/bills/${serial}`))).toContain(reference);
  expect(bill.state).not.toBe("accepted");
  await page.goto("/history");
  await expect(page.locator("ul.entries")).toContainText("Refused");
  await expect(page.locator("ul.entries")).toContainText(reference);
});

test("already answered elsewhere", async ({ page, server }) => {
  await moveIn(page);
  await toSend(page);
  await sendButton(page).click();
  await heading(page, /^Demo Energy accepted your bill/);
  await open(page);
  await heading(page, "Your bills");
  const file = join(server.dir, "again.request");
  await writeFile(file, Buffer.from(await (await fetch(server.url + "/demo/home.request")).arrayBuffer()));
  await choose(page, file);
  await heading(page, /^Your bill/);
  await trouble(page, "already-answered");
  expect(await server.accepted()).toHaveLength(1);
});

test("files that are not ours, damaged ones, and a damaged link", async ({ page, server }) => {
  const text = join(server.dir, "notes.txt"), cut = join(server.dir, "cut.hushwatt");
  await writeFile(text, "Start,End,kWh\n2026-03-01,2026-03-02,1.2\n");
  const whole = Buffer.from(await (await fetch(server.url + "/demo/home.hushwatt")).arrayBuffer());
  await writeFile(cut, whole.subarray(0, whole.length - 100));
  await open(page);
  await choose(page, text);
  await trouble(page, "not-a-meter-file");
  await choose(page, cut);
  await trouble(page, "damaged-file");
  await page.goto("/bill#r=AAAA");
  await trouble(page, "damaged-file");
});

test("a supplier that this device does not know is asked about first", async ({ page, server }) => {
  const { links } = await server.town();
  // The page of another supplier's server.
  const elsewhere = await Server.start();
  try {
    await open(page, elsewhere.url + opened(links, server, "next"));
    const box = await trouble(page, "unknown-supplier");
    await box.getByRole("button", { name: "No, leave it" }).click();
    await page.goto(elsewhere.url + "/");
    await open(page, elsewhere.url + opened(links, server, "next"));
    await press(page, /^Yes, .* is my supplier$/);
    await heading(page, "Your supplier asks for a bill");
  } finally {
    await elsewhere.stop();
  }
});

test("a browser without WebAssembly, and a page that does not exist", async ({ page, browser, server }) => {
  const poor = await browser.newContext({ baseURL: server.url });
  await poor.addInitScript(() => { delete globalThis.WebAssembly; });
  const other = await poor.newPage();
  await other.goto("/");
  await expect(other.locator("#too-old")).toBeVisible();
  await expect(other.getByRole("heading", { level: 1 })).toBeVisible();
  await poor.close();
  expect((await page.goto("/nowhere")).status()).toBe(404);
  await heading(page, /.+/);
});

test("stop, while the bill is worked out and while it is sent", async ({ page, context, server }) => {
  let stuck = true;
  const held = [];
  await context.route("**/api/v1/tariffs/*", (route) => (stuck ? held.push(route) : route.continue()));
  await moveIn(page);
  await follow(page, "Straight to the bill");
  await expect.poll(() => held.length).toBeGreaterThan(0);
  await press(page, "Stop");
  await trouble(page, "cancelled");
  stuck = false;
  await press(page, "Try again");
  await expect(page.locator("table.bill")).toBeVisible();

  await context.route("**/api/v1/bills", (route) => { held.push(route); }); // nobody ever answers
  await follow(page, "See what would be sent");
  const before = held.length;
  await sendButton(page).click();
  await expect.poll(() => held.length).toBeGreaterThan(before);
  await press(page, "Stop");
  await expect(page.locator("#trouble")).toBeVisible();
  await context.unroute("**/api/v1/bills");
  expect(await server.accepted()).toHaveLength(0);
  // It was stored before it was sent, so it is in the history, and goes out once.
  await open(page, "/history");
  await expect(page.locator("ul.entries")).toContainText("Accepted");
  expect(await server.accepted()).toHaveLength(1);
});
