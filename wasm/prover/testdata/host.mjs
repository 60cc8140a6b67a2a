// A host for prover.wasm under Node: records in a Map, a network that answers
// what it is told. It does what argv[2] (a JSON list of calls) asks and prints
// the answers.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const [, , program, runtime, script] = process.argv;
createRequire(import.meta.url)(runtime);

const records = new Map();
let holding = 0;
const host = {
  vault: {
    get: async (name) => records.get(name) ?? null,
    names: async (prefix) => [...records.keys()].filter((n) => n.startsWith(prefix)).sort(),
    write: async (puts, removes) => { for (const [n, b] of puts) records.set(n, b); for (const n of removes) records.delete(n); },
    clear: async () => records.clear(),
    lock: async () => { holding++; return () => { holding--; }; },
  },
  net: { fetch: async () => { throw new Error("no network"); } },
  rest: () => new Promise((resolve) => setImmediate(resolve)),
  start: async (version, call, cancel) => {
    const out = [];
    let held = null;
    for (const c of JSON.parse(script)) {
      const parts = c.useFile ? [held] : [];
      const answer = await new Promise((resolve) => {
        waiting.set(c.id, resolve);
        call(c.id, c.type, JSON.stringify(c.body ?? {}), parts);
        if (c.cancel) cancel(c.id);
      });
      if (answer.parts?.length) held = answer.parts[0];
      delete answer.parts;
      out.push(answer);
    }
    console.log(JSON.stringify({ version, answers: out, pushed, progress, records: records.size, holding }));
    process.exit(0);
  },
  progress: () => { progress++; },
  result: (id, text, parts) => waiting.get(id)({ result: JSON.parse(text), parts }),
  error: (id, text) => waiting.get(id)({ error: JSON.parse(text) }),
  state: () => { pushed++; },
};
const waiting = new Map();
let pushed = 0, progress = 0;
globalThis.hushwatt = host;
const go = new Go();
const { instance } = await WebAssembly.instantiate(readFileSync(program), go.importObject);
go.run(instance);
