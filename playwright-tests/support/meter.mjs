// A real meter at home: readings sealed by the program for a customer's key, and
// a supplier that knows the meter and asks for a bill.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const meter = "OWN-0001";

// readingsOf makes half-hours of a made-up month up: watt-hours that look like a home.
function readingsOf(first, days) {
  const rows = [];
  let state = 12345;
  for (let i = 0; i < days * 48; i++) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    const hour = (i % 48) / 2;
    const base = hour > 16 && hour < 22 ? 420 : hour > 6 ? 180 : 70;
    rows.push({ at: new Date(first.getTime() + i * 1_800_000), wh: base + state % 211 });
  }
  return rows;
}

export async function meterAtHome(server, recipient) {
  const month = (await readFile(server.home("month"), "utf8")).trim();
  const start = new Date(month + "T00:00:00Z");
  const end = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1));
  const rows = readingsOf(new Date(start.getTime() - 86_400_000), (end - start) / 86_400_000 + 2);
  const csv = join(server.dir, "own.csv"), file = join(server.dir, "own.hushwatt"), folder = join(server.dir, "own-meter");
  await writeFile(csv, "start,wh\n" + rows.map((r) => `${r.at.toISOString().slice(0, 19)}Z,${r.wh}\n`).join(""));
  await server.run("meter", "seal", "--from", csv, "--format", "csv", "--meter-point", meter, "--recipient", recipient, "--meter-dir", folder, "--out", file);

  const authority = (await readFile(join(folder, "authority.pub"), "utf8")).trim();
  await server.staff("POST", "/authorities", { authority, name: "Own meters" });
  await server.staff("POST", "/meters", { meter, authority, slots: 48 });
  const { tariffs } = await server.staff("GET", "/tariffs");
  const flat = tariffs.find((t) => /flat/i.test(t.displayName + t.planId));
  const asked = await server.staff("POST", "/requests", {
    meters: [meter], tariffs: [flat.id], start: month, end: end.toISOString().slice(0, 10),
  });
  return { meter, file, link: asked.link, serial: asked.serial, readings: rows.map((r) => r.wh) };
}
