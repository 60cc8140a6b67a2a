// The whole path, as a person walks it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { choose, expect, follow, heading, moveIn, open, press, ready, sendButton, test, toBill, toSend, trouble } from "./support/fixtures.mjs";
import { signIn } from "./support/portal.mjs";
import { meterAtHome } from "./support/meter.mjs";

const pence = (text) => {
  const [, minus, pounds, p] = /^([−-]?)£([\d,]+)\.(\d\d)$/.exec(text.trim());
  return (minus ? -1 : 1) * (Number(pounds.replaceAll(",", "")) * 100 + Number(p));
};

test("from the start to the receipt, and the supplier has the bill", async ({ page, server, browser }) => {
  await moveIn(page);
  await expect(page.getByText("DEMO-0042", { exact: true })).toBeVisible();
  await expect(page.locator(".seal")).toContainText("Every seal was worked out again");

  await follow(page, "See my days");
  await heading(page, "Your days");
  await expect(page.locator("main svg").first()).toBeVisible();

  await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Bill" }).click();
  await heading(page, /^Your bill/);
  const rows = page.locator("table.bill tbody tr");
  await expect(rows.last()).toContainText("Total");
  const amounts = (await rows.locator("td.money").allInnerTexts()).map(pence);
  const total = pence(await rows.last().locator("td").last().innerText());
  expect(amounts.length).toBeGreaterThan(3);
  expect(amounts.reduce((a, b) => a + b)).toBe(total);
  await page.getByText("Why this much?").first().click();
  await expect(page.locator(".sums").first()).toBeVisible();

  await follow(page, "On another tariff");
  await heading(page, "On another tariff");
  await expect(page.locator("ol.options > li")).toHaveCount(4);
  await expect(page.getByText("Your tariff", { exact: true })).toBeVisible();

  await page.goBack();
  await follow(page, "See what would be sent");
  await heading(page, "What leaves this device");
  await expect(page.getByText(/^See the exact bytes/)).toBeVisible();
  await expect(page.locator(".leaves")).toContainText("a proof");
  await expect(page.locator(".stays")).toContainText("half-hours of readings");
  await expect(page.getByText(/^At most \d+ bits/)).toBeVisible();
  expect((await server.bills())[0].state).toBe("awaited");

  await sendButton(page).click();
  await page.waitForURL(/\/receipt#/);
  await heading(page, /^Demo Energy accepted your bill/);
  const [bill] = await server.accepted();
  expect(Number(bill.bill.total) * 100).toBeCloseTo(total);

  const saved = page.waitForEvent("download");
  await press(page, "Save receipt");
  const receipt = await readFile(await (await saved).path());
  const kept = await fetch(`${server.url}/api/v1/receipts/${bill.bill.id}`);
  expect(receipt.equals(Buffer.from(await kept.arrayBuffer()))).toBe(true);

  await follow(page, "History");
  await expect(page.locator("ul.entries > li")).toHaveCount(1);
  await expect(page.locator("ul.entries")).toContainText("Accepted");
  await page.reload(); // it lasts
  await expect(page.locator("ul.entries")).toContainText("Accepted");

  const portal = await browser.newPage({ baseURL: server.url });
  await signIn(portal, server);
  const row = portal.locator("table.list tbody tr");
  await expect(row).toHaveCount(1);
  await expect(row).toContainText(/accepted/i);
  await expect(row).toContainText("£" + bill.bill.total);
  await row.getByRole("link", { name: /^Bill 1$/ }).click();
  await expect(portal.getByText("ours, and of these bytes")).toBeVisible();
  await portal.close();

  expect(JSON.parse(await server.run("fsck", "--json", "--database", join(server.data, "hushwatt.db")))).toBeTruthy();
});

test("a key made here, a meter paired with it, its file dropped, a link opened", async ({ page, server }) => {
  await open(page, "/key");
  await press(page, "Make my key");
  const recipient = await page.locator("#recipient").innerText();
  expect(recipient).toMatch(/^hushwatt1/);

  const home = await meterAtHome(server, recipient);
  await open(page, "/");
  await drop(page, home.file);
  await heading(page, "What we read");
  await expect(page.getByText(home.meter, { exact: true })).toBeVisible();

  await page.goto(home.link); // the letter's link
  await heading(page, /^Your bill/);
  await expect(page.locator("table.bill")).toBeVisible();
  expect(new URL(page.url()).hash).toBe(""); // the request does not stay in the address
  await follow(page, "See what would be sent");
  await sendButton(page).click();
  await heading(page, /^Demo Energy accepted your bill/);
  expect((await server.accepted()).map((b) => b.meters[0])).toEqual([home.meter]);
});

// drop drops a file onto the page, as from the desktop.
async function drop(page, path) {
  const bytes = [...await readFile(path)];
  const transfer = await page.evaluateHandle((b) => {
    const t = new DataTransfer();
    t.items.add(new File([new Uint8Array(b)], "mine.hushwatt"));
    return t;
  }, bytes);
  await page.locator(".drop").first().dispatchEvent("drop", { dataTransfer: transfer });
}

test("a file that is picked before the program runs is opened by it", async ({ page, context, server }) => {
  let go;
  const held = new Promise((ok) => { go = ok; });
  await context.route((url) => url.pathname.startsWith("/web/app") && url.pathname.endsWith(".wasm"), async (route) => { await held; await route.continue(); });
  await page.goto("/", { waitUntil: "domcontentloaded" });
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible(); // readable already
  await page.locator("#file").setInputFiles(server.home("home.key"));
  expect(await page.locator("html").getAttribute("data-app")).not.toBe("ready");
  go();
  await heading(page, "Your key");
});

test("a file that is picked while the screen behind the picker changes is opened", async ({ page, context, server }) => {
  await moveIn(page); // so that the start looks different once it is known who comes
  const again = await context.newPage();
  await again.addInitScript(() => {
    const post = Worker.prototype.postMessage;
    globalThis.late = [];
    Worker.prototype.postMessage = function (...a) { // the worker is asked only later
      if (globalThis.late) globalThis.late.push(() => post.apply(this, a)); else post.apply(this, a);
    };
  });
  await again.goto("/");
  await ready(again);
  await expect(again.getByRole("heading", { level: 1 })).toContainText("It does not need to know when you sleep");
  const picker = again.waitForEvent("filechooser");
  await again.getByText("Open my meter’s file", { exact: true }).last().click();
  const chooser = await picker;
  await again.evaluate(() => { const all = globalThis.late; globalThis.late = null; all.forEach((f) => f()); });
  await heading(again, "Your bills");
  await chooser.element().evaluate((input) => { // what the browser tells of a pick
    const files = new DataTransfer();
    files.items.add(new File(["Dear customer"], "letter.txt"));
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await trouble(again, "not-a-meter-file");
});

test("a file dropped beside its place leaves the page as it is", async ({ page, server }) => {
  await open(page);
  const prevented = await page.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["hello"], "x.txt"));
    return ["dragover", "drop"].map((type) => !document.querySelector("h1").dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer })));
  });
  expect(prevented).toEqual([true, true]);
});

test("a link first, then the file", async ({ page, server }) => {
  const { links, out } = await server.town();
  await open(page, links.next.slice(server.url.length));
  await heading(page, "Your supplier asks for a bill");
  await expect(page.getByText("NEXT-0007").first()).toBeVisible();
  await choose(page, join(out, "next.key"));
  await heading(page, "Your key");
  await page.goto("/bill");
  await choose(page, join(out, "next.hushwatt"));
  await heading(page, "What we read");
  await toSend(page);
  await sendButton(page).click();
  await heading(page, /^Demo Energy accepted your bill/);
});

test("a QR code in a picture, where the browser reads codes; where not, the link is pasted", async ({ page, browser, server }) => {
  const { links } = await server.town();
  const picture = { name: "letter.png", mimeType: "image/png", buffer: await readFile(new URL("../web/icons/icon-192.png", import.meta.url)) };
  // This Chromium has no BarcodeDetector, as many browsers: no button promises it.
  await open(page);
  expect(await page.evaluate(() => "BarcodeDetector" in globalThis)).toBe(false);
  await expect(page.getByText("Scan the QR code on a letter")).toHaveCount(0);
  await expect(page.getByText("Paste a link or a code instead")).toBeVisible();
  // One that has it, and finds in the picture what is put there.
  for (const [text, what] of [[links.next, "asks for your bill"], ["https://example.com/", "No request was found in the picture"], ["", "No request was found in the picture"]]) {
    const context = await browser.newContext({ baseURL: server.url });
    await context.addInitScript((found) => {
      globalThis.BarcodeDetector = class {
        static async getSupportedFormats() { return ["qr_code"]; }
        async detect(image) { return image && found ? [{ rawValue: found, format: "qr_code" }] : []; }
      };
    }, text);
    const other = await context.newPage();
    await open(other);
    await expect(other.getByText("Scan the QR code on a letter")).toBeVisible();
    await other.locator("#scan").setInputFiles(picture);
    await expect(other.locator("main")).toContainText(what);
    await context.close();
  }
});

test("a link that was pasted", async ({ page, server }) => {
  const { links } = await server.town();
  await open(page);
  await page.getByText("Paste a link or a code instead").click();
  await page.getByLabel("Link or code from your supplier").fill(links.next);
  await press(page, "Open what I pasted");
  await heading(page, "Your supplier asks for a bill");
});

test("put aside, and this looks wrong: nothing is sent, and it can be answered later", async ({ page, server }) => {
  await moveIn(page);
  await toSend(page);
  await press(page, "Not now");
  await heading(page, "Put aside");
  await follow(page, "Start");
  await page.goto("/history");
  await expect(page.locator("ul.entries > li")).toHaveCount(1);
  await expect(page.locator("ul.entries")).toContainText("Declined");
  await page.locator("ul.entries a").first().click();
  await press(page, "Look at the request again");
  await follow(page, "See what would be sent");
  await press(page, "This looks wrong");
  await page.getByLabel(/What looks wrong/).fill("I was away that week");
  await press(page, "Put the request aside, send nothing");
  await heading(page, "Put aside: this looks wrong");
  await expect(page.getByText("I was away that week")).toBeVisible();
  expect((await server.bills())[0].state).toBe("awaited");
});

test("the bill and the receipt print on one page", async ({ page }) => {
  await moveIn(page);
  await toBill(page);
  expect(pages(await page.pdf({ format: "A4", printBackground: true }))).toBe(1);
  await follow(page, "See what would be sent");
  await sendButton(page).click();
  await heading(page, /^Demo Energy accepted your bill/);
  expect(pages(await page.pdf({ format: "A4" }))).toBe(1);
  await page.emulateMedia({ media: "print" });
  await expect(page.locator("header.top")).toBeHidden();
  await expect(page.locator(".only-print").getByText(/^Receipt number/)).toBeVisible();
});

const pages = (pdf) => (pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g) || []).length;
