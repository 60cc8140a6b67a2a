// Fetches the pages' program and compiles it while it arrives, in a worker of its
// own so that the page can be scrolled meanwhile, and refuses any other than
// the one meant. The browser's own integrity check would hold it back until
// the last byte.
"use strict";

async function compile(url, integrity) {
  const response = await fetch(url);
  if (!response.ok) throw new Error("the server answers " + response.status);
  if (!self.crypto?.subtle) return WebAssembly.compileStreaming(response); // plain http: the page says why it cannot be used
  const copy = response.clone();
  const [compiled, sum] = await Promise.all([
    WebAssembly.compileStreaming(response),
    copy.arrayBuffer().then((bytes) => crypto.subtle.digest("SHA-256", bytes)),
  ]);
  const hash = "sha256-" + btoa(String.fromCharCode(...new Uint8Array(sum)));
  if (hash !== integrity) throw new Error("the program is not the one that belongs to this page");
  return compiled;
}

compile("/web/app.wasm", "sha256-/web/app.wasm").then(
  (program) => postMessage({ program }),
  (e) => postMessage({ failed: e.message }));
