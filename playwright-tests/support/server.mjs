// A demo supplier of one's own: the real program on a free loopback port, with a
// data folder that is thrown away.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const programs = process.env.HUSHWATT_E2E_PROGRAMS || join(root, ".cache/e2e");
const execute = promisify(execFile);

// freePort finds a port below those that the system hands out (internal/freeport), so
// that it stays free while the program on it is stopped.
function freePort() {
  const port = 20000 + Math.floor(Math.random() * 12000);
  return new Promise((resolve) => {
    const s = createServer().once("error", () => resolve(freePort())).listen(port, "127.0.0.1", () => s.close(() => resolve(port)));
  });
}

export class Server {
  static async start() {
    const s = new Server();
    s.dir = await mkdtemp(join(tmpdir(), "hushwatt-e2e-"));
    s.data = join(s.dir, "data");
    s.port = await freePort();
    s.url = `http://127.0.0.1:${s.port}`;
    s.log = "";
    await s.resume();
    s.token = (await readFile(join(s.data, "staff.token"), "utf8")).trim();
    return s;
  }

  // resume starts the program on the data folder, as the demo or as a server
  // that logs every request.
  async resume(how = "demo") {
    const file = (name) => join(this.data, name);
    const listen = `127.0.0.1:${this.port}`;
    this.program = spawn(join(programs, "hushwatt"), how === "demo"
      ? ["demo", "--listen", listen, "--data", this.data]
      : ["serve", "--listen", listen, "--database", file("hushwatt.db"), "--token-file", file("staff.token"), "--key", file("supplier.key"), "--public-url", this.url, "--name", "Demo Energy"]);
    let told = "";
    const running = new Promise((resolve) => {
      for (const pipe of [this.program.stdout, this.program.stderr]) {
        pipe.on("data", (d) => {
          this.log += d;
          told += d;
          if (/Hushwatt is running|serving http/.test(told)) resolve();
        });
      }
    });
    this.ended = new Promise((resolve) => this.program.once("exit", (code, signal) => resolve(code ?? signal)));
    await Promise.race([running, this.ended.then(() => { throw new Error("the program did not start:\n" + this.log); })]);
    if (!(await fetch(this.url + "/healthz")).ok) throw new Error("the program is not well:\n" + this.log);
  }

  // pause ends the program and keeps its data.
  async pause() {
    this.program.kill("SIGTERM");
    return this.ended;
  }

  async stop() {
    const code = await this.pause();
    await rm(this.dir, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the demo ended with ${code}:\n${this.log}`);
  }

  // run runs hushwatt with arguments and returns what it says.
  async run(...args) {
    return (await execute(join(programs, "hushwatt"), args, { maxBuffer: 1 << 28 })).stdout;
  }

  // town adds a neighbour and requests that must not be answered, and returns
  // the link of each request and the folder of the files.
  async town(...args) {
    const out = join(this.dir, "town");
    const { stdout } = await execute(join(programs, "town"), ["--data", this.data, "--url", this.url, "--out", out, ...args]);
    return { links: JSON.parse(stdout), out };
  }

  // staff calls the API as the supplier's staff.
  async staff(method, path, body) {
    const r = await fetch(this.url + "/api/v1" + path, {
      method, body: body && JSON.stringify(body),
      headers: { Authorization: "Bearer " + this.token, "Content-Type": "application/json" },
    });
    const text = await r.text();
    if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  // bills is what the supplier has of every request.
  async bills() { return (await this.staff("GET", "/bills")).bills; }

  async accepted() { return (await this.bills()).filter((b) => b.state === "accepted"); }

  home(name) { return join(this.data, "home", name); }

  // readings of the made-up home, in watt-hours.
  async readings() {
    const shown = JSON.parse(await this.run("meter", "show", "--json", "--export", this.home("home.hushwatt"), "--key", this.home("home.key")));
    return shown.readings.map((r) => r.wh);
  }
}
