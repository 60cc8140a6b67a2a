// Sending: exactly once, whatever the network does.
import { expect, follow, heading, moveIn, open, press, ready, sendButton, test, toBill, toSend, trouble } from "./support/fixtures.mjs";

// offlineReady waits until the service worker holds the app.
const offlineReady = (page) => page.evaluate(async () => { await navigator.serviceWorker.ready; return true; });

test("after the first visit the app opens and proves without a network; the bill is sent later, once", async ({ page, context, server }) => {
  await moveIn(page);
  await toBill(page);
  await offlineReady(page);
  await server.pause(); // nobody answers any more, whatever the browser believes
  await context.setOffline(true);
  await page.goto("/");
  await ready(page);
  await heading(page, "Your bills");
  await press(page, /^See the bill for/);
  await heading(page, /^Your bill/);
  await follow(page, "See what would be sent");
  await expect(page.getByText("You are offline.")).toBeVisible();
  await expect(page.getByText(/^See the exact bytes/)).toBeVisible();
  await sendButton(page).click();
  await page.waitForURL(/\/receipt#/);
  await trouble(page, "supplier-offline");
  await page.goto("/history");
  await expect(page.locator("ul.entries")).toContainText("Waiting");
  await page.goto("/days");
  await expect(page.locator("main svg").first()).toBeVisible();

  await server.resume();
  expect((await server.bills())[0].state).toBe("awaited");
  await context.setOffline(false); // the worker hears of it, nobody presses anything
  await page.goto("/history");
  await expect(page.locator("ul.entries")).toContainText("Accepted");
  await expect(page.locator("ul.entries > li")).toHaveCount(1);
  expect(await server.accepted()).toHaveLength(1);
});

test("answers that are lost: the same bytes again, the same receipt, one bill", async ({ page, context, server }) => {
  const posts = [];
  let lose = 2;
  await context.route("**/api/v1/bills", async (route) => {
    posts.push(route.request().postDataBuffer().toString("base64"));
    const answer = await route.fetch(); // the supplier has it
    expect(answer.status()).toBe(200);
    if (lose-- > 0) return route.abort("connectionreset");
    await route.fulfill({ response: answer });
  });
  await moveIn(page);
  await toSend(page);
  await sendButton(page).click();
  await page.waitForURL(/\/receipt#/);
  await trouble(page, "supplier-offline");
  const [first] = await server.accepted();
  await page.goto("/history");
  await ready(page);
  const again = page.getByRole("button", { name: "Try to send what is waiting" });
  await expect(async () => {
    if (await again.isVisible()) await again.click();
    await expect(page.locator("ul.entries")).toContainText("Accepted", { timeout: 1000 });
  }).toPass();
  const accepted = await server.accepted();
  expect(accepted).toHaveLength(1);
  expect(accepted[0].bill).toEqual(first.bill);
  expect(posts.length).toBeGreaterThanOrEqual(3);
  expect(new Set(posts).size).toBe(1);
  await expect(page.locator("ul.entries > li")).toHaveCount(1);
  await page.locator("ul.entries a").first().click();
  await expect(page.locator("dl.facts")).toContainText("Receipt number" );
  await expect(page.locator("dl.facts")).toContainText(String(first.bill.receipt));
});

test("two windows send the same bill: one is accepted, both show it", async ({ page, context, server }) => {
  await moveIn(page);
  await toSend(page);
  const other = await context.newPage();
  await open(other, "/");
  await press(other, /^See the bill for/);
  await follow(other, "See what would be sent");
  await expect(sendButton(other)).toBeVisible();
  await Promise.all([sendButton(page).click(), sendButton(other).click({ timeout: 5000 }).catch(() => {})]);
  await expect(async () => expect(await server.accepted()).toHaveLength(1)).toPass();
  await page.goto("/history");
  await other.goto("/history");
  for (const p of [page, other]) {
    await expect(p.locator("ul.entries")).toContainText("Accepted");
    await expect(p.locator("ul.entries > li")).toHaveCount(1);
  }
});

test("a server that answers nonsense: the bill keeps waiting", async ({ page, context, server }) => {
  let nonsense = true;
  await context.route("**/api/v1/bills", (route) => nonsense
    ? route.fulfill({ status: 200, contentType: "application/vnd.hushwatt.receipt+cbor", body: "no receipt" })
    : route.continue());
  await moveIn(page);
  await toSend(page);
  await sendButton(page).click();
  await page.waitForURL(/\/receipt#/);
  await trouble(page, "receipt-wrong");
  expect(await server.accepted()).toHaveLength(0);
  nonsense = false;
  await page.goto("/history");
  await ready(page);
  await expect(page.locator("ul.entries")).toContainText("Accepted");
  expect(await server.accepted()).toHaveLength(1);
});
