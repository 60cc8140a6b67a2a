// A Recorder is the browser's only way out: a proxy that keeps every byte that
// the browser sends, of pages, workers and the service worker alike, and lets
// through what goes to a loopback address.
import { createServer as createHttp, request } from "node:http";
import { connect, createServer } from "node:net";

export class Recorder {
  static async start() {
    const r = new Recorder();
    r.chunks = [];
    r.asked = new Set();
    const inside = createHttp((q, a) => r.pass(q, a));
    inside.on("connect", (q, socket) => { r.asked.add(q.url); socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"); });
    inside.on("upgrade", (q, socket) => { r.asked.add(q.url); socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"); });
    await new Promise((ok) => inside.listen(0, "127.0.0.1", ok));
    r.inside = inside;
    r.server = createServer((socket) => {
      const on = connect(inside.address().port, "127.0.0.1");
      socket.on("data", (d) => r.chunks.push(d));
      socket.on("error", () => on.destroy());
      on.on("error", () => socket.destroy());
      socket.pipe(on).pipe(socket);
    });
    await new Promise((ok) => r.server.listen(0, "127.0.0.1", ok));
    r.url = `http://127.0.0.1:${r.server.address().port}`;
    return r;
  }

  pass(q, a) {
    const url = new URL(q.url);
    this.asked.add(url.host);
    if (url.hostname !== "127.0.0.1") { a.writeHead(403).end(); return; }
    const headers = { ...q.headers };
    delete headers["proxy-connection"];
    const on = request(url, { method: q.method, headers }, (r) => {
      a.writeHead(r.statusCode, r.headers);
      r.pipe(a);
    });
    on.on("error", () => a.destroy());
    q.pipe(on);
  }

  bytes() { return Buffer.concat(this.chunks); }

  hosts() { return [...this.asked].sort(); }

  async stop() {
    this.server.close();
    this.inside.close();
    this.inside.closeAllConnections();
  }
}
