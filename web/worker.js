// The customer's worker: it starts prover.wasm and gives it storage, network and
// a place to rest. Readings and keys live here and in IndexedDB, encrypted; the
// window only ever sees what it asks for. docs/design/worker.md has the messages.
"use strict";

importScripts("/web/wasm_exec.js");

// ---- Storage: IndexedDB, every record under AES-GCM with a key that cannot be
// taken out of the browser. The name of a record is authenticated with it, so
// that records cannot be swapped.

const DATABASE = "hushwatt", RECORDS = "records", KEYS = "keys";
const named = (name, message) => Object.assign(new Error(message), { name });

let opening = null;
function database() {
  return opening ||= new Promise((resolve, reject) => {
    if (!self.indexedDB || !self.crypto?.subtle) { reject(named("Unavailable", "no storage or no cryptography here")); return; }
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => { request.result.createObjectStore(RECORDS); request.result.createObjectStore(KEYS); };
    request.onsuccess = () => {
      request.result.onversionchange = () => { request.result.close(); opening = null; };
      resolve(request.result);
    };
    request.onerror = () => { opening = null; reject(named("Unavailable", request.error?.message || "no database")); };
  });
}

// transact runs one transaction and resolves when it is safely stored.
async function transact(stores, mode, work) {
  const db = await database();
  return new Promise((resolve, reject) => {
    const t = db.transaction(stores, mode, mode === "readwrite" ? { durability: "strict" } : {});
    let result;
    t.oncomplete = () => resolve(result);
    t.onabort = () => reject(t.error || named("Unavailable", "storage was stopped"));
    work(t, (value) => { result = value; });
  });
}

const read = (store, key) => transact([store], "readonly", (t, give) => {
  const r = t.objectStore(store).get(key);
  r.onsuccess = () => give(r.result);
});

let sealing = null;
function key() {
  return sealing ||= (async () => {
    const kept = await read(KEYS, "records");
    if (kept) return kept;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    // add, not put: of two windows that start together, both use the first key.
    await transact([KEYS], "readwrite", (t) => {
      t.objectStore(KEYS).add(made, "records").onerror = (e) => { e.preventDefault(); e.stopPropagation(); };
    });
    return read(KEYS, "records");
  })().catch((e) => { sealing = null; throw e; });
}

const algorithm = (iv, name) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) });

const vault = {
  async get(name) {
    const record = await read(RECORDS, name);
    if (!record) return null;
    try {
      return new Uint8Array(await crypto.subtle.decrypt(algorithm(record.iv, name), await key(), record.data));
    } catch {
      throw named("Damaged", "a record does not open");
    }
  },
  names: (prefix) => transact([RECORDS], "readonly", (t, give) => {
    const r = t.objectStore(RECORDS).getAllKeys(IDBKeyRange.bound(prefix, prefix + "\uffff"));
    r.onsuccess = () => give(r.result);
  }),
  async write(puts, removes) {
    const k = await key();
    const sealed = await Promise.all(puts.map(async ([name, bytes]) => {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      return [name, { iv, data: await crypto.subtle.encrypt(algorithm(iv, name), k, bytes) }];
    }));
    await transact([RECORDS], "readwrite", (t) => {
      const store = t.objectStore(RECORDS);
      for (const [name, record] of sealed) store.put(record, name);
      for (const name of removes) store.delete(name);
    });
  },
  async clear() {
    await transact([RECORDS, KEYS], "readwrite", (t) => { t.objectStore(RECORDS).clear(); t.objectStore(KEYS).clear(); });
    sealing = null;
    peers?.postMessage("forgotten");
  },
  // lock resolves to the function that lets go.
  lock: () => new Promise((resolve, reject) => {
    if (!navigator.locks) { resolve(() => {}); return; }
    navigator.locks.request("hushwatt", () => new Promise((release) => resolve(release))).catch(reject);
  }),
};

// ---- Network: nobody but our own origin, no cookies, an end to waiting.

const net = {
  async fetch(url, type, body, signal) {
    const response = await fetch(url, {
      method: body ? "POST" : "GET", headers: type ? { "Content-Type": type } : {}, body,
      credentials: "omit", redirect: "error", cache: "no-store", referrerPolicy: "no-referrer",
      signal: AbortSignal.any ? AbortSignal.any([signal, AbortSignal.timeout(30000)]) : signal,
    });
    return {
      status: response.status,
      type: (response.headers.get("Content-Type") || "").split(";")[0].trim().toLowerCase(),
      body: await response.arrayBuffer(),
    };
  },
};

// rest lets waiting messages in, above all a cancel. A timer would cost 4 ms.
const channel = new MessageChannel();
const resting = [];
channel.port1.onmessage = () => resting.shift()();
const rest = () => new Promise((resolve) => { resting.push(resolve); channel.port2.postMessage(0); });

// ---- Calls. Ids of the window are positive; those below are our own.

const RETRY = -1, LOOK = -2;
const early = [];
let go = null, greeting = null, waiting = 0, version = "";

const buffers = (parts) => Array.from(parts, (p) => p.buffer);

self.hushwatt = {
  vault, net, rest,
  start(v, call, cancel) {
    version = v;
    go = { call, cancel };
    postMessage({ ready: true, version });
    early.splice(0).forEach(take);
  },
  progress(id, text) { if (id > 0) postMessage({ id, progress: text }); },
  result(id, text, parts) {
    if (id === LOOK) push(text);
    if (id <= 0) return;
    const list = buffers(parts);
    postMessage({ id, result: text, parts: list }, list);
  },
  error(id, text) { if (id > 0) postMessage({ id, error: text }); },
  state(text) { push(text); peers?.postMessage("changed"); },
};

function push(text) {
  waiting = JSON.parse(text).waiting;
  postMessage({ push: "state", body: text });
}

function take(m) {
  if (!go) { early.push(m); return; }
  // One spelling of accented letters: a passphrase must open what it locked.
  const body = (m.body || "").normalize("NFC");
  if (m.type === "cancel") {
    const found = go.cancel(JSON.parse(body || "{}").id ?? 0);
    postMessage({ id: m.id, result: JSON.stringify({ found }), parts: [] });
    return;
  }
  go.call(m.id, m.type, body, m.parts || []);
  if (m.type === "hello") { greeting = body; retry(); }
}

function retry() { if (go && greeting) go.call(RETRY, "retry", "", []); }

self.onmessage = (event) => take(event.data);
self.addEventListener("online", retry);
setInterval(() => { if (waiting > 0) retry(); }, 60000);

// Other windows of this app on this device.
const peers = self.BroadcastChannel ? new BroadcastChannel("hushwatt") : null;
if (peers) peers.onmessage = (event) => {
  if (event.data === "forgotten") sealing = null;
  if (go && greeting) go.call(LOOK, "hello", greeting, []);
};

(async () => {
  const program = new Go();
  const { instance } = await WebAssembly.instantiateStreaming(fetch("/web/prover.wasm"), program.importObject);
  await program.run(instance);
  throw new Error("the program ended");
})().catch((e) => postMessage({ failed: "The part of this app that works with your readings could not be started. Reload the page, or use a newer browser. (" + e.message + ")" }));
