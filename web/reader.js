// The page's second worker: reads meter files that no meter has sealed. It starts
// reader.wasm and passes calls on; it has no storage, no network but for its own
// program, and forgets a file when it has told what is in it.
"use strict";

importScripts("/web/wasm_exec.js");

const early = [];
let call = null;

self.hushwatt = {
  start(c) {
    call = c;
    postMessage({ ready: true });
    early.splice(0).forEach(take);
  },
  result(id, text, parts) {
    const list = Array.from(parts, (p) => p.buffer);
    postMessage({ id, result: text, parts: list }, list);
  },
  error(id, text) { postMessage({ id, error: text }); },
};

function take(m) {
  if (!call) { early.push(m); return; }
  if (m.type === "read-file") call(m.id, m.body || "", m.parts || []);
}

self.onmessage = (event) => take(event.data);

(async () => {
  const program = new Go();
  const { instance } = await WebAssembly.instantiateStreaming(fetch("/web/reader.wasm"), program.importObject);
  await program.run(instance);
  throw new Error("the program ended");
})().catch((e) => postMessage({ failed: "The part of this app that reads other meters’ files could not be started. Load the page again when you are online. (" + e.message + ")" }));
