// A Haystack finds runs of six consecutive readings in bytes, in every form that
// is likely: decimal watt-hours, kWh with point or comma, arrays of 16 and 32
// bits of both byte orders, CBOR; each as it is, in hex, and in base64.
const RUN = 6;
const HEAD = 6; // bytes by which a place is looked at first

const decimalSeparators = [",", ", ", " ", ";", "; ", "\n", "\r\n", "\t", "|", ",\n", '","', "&"];

function textForms(run) {
  const forms = [];
  const add = (name, words) => {
    for (const s of decimalSeparators) {
      if (!(words[0].includes(",") && s.startsWith(",") && s.length === 1)) forms.push({ name: name + JSON.stringify(s), bytes: Buffer.from(words.join(s)) });
    }
  };
  const fixed = run.map((wh) => (wh / 1000).toFixed(3)), short = run.map((wh) => String(wh / 1000));
  add("Wh", run.map(String));
  add("kWh", fixed);
  if (short.join() !== fixed.join()) add("kWh short", short);
  add("kWh comma", fixed.map((s) => s.replace(".", ",")));
  if (short.join() !== fixed.join()) add("kWh comma short", short.map((s) => s.replace(".", ",")));
  return forms;
}

function cbor(wh) {
  if (wh < 24) return [wh];
  if (wh < 256) return [0x18, wh];
  if (wh < 65536) return [0x19, wh >> 8, wh & 255];
  return [0x1a, wh >>> 24, wh >> 16 & 255, wh >> 8 & 255, wh & 255];
}

function binaryForms(run) {
  const forms = [{ name: "CBOR", bytes: Buffer.from(run.flatMap(cbor)) }];
  for (const [bits, order] of [[16, "LE"], [16, "BE"], [32, "LE"], [32, "BE"]]) {
    const bytes = Buffer.alloc(RUN * bits / 8);
    run.forEach((wh, i) => bytes[`writeUInt${bits}${order}`](wh, i * bits / 8));
    forms.push({ name: `u${bits} ${order}`, bytes });
  }
  return forms;
}

// inBase64 is the part of the base64 of bytes that does not hang on what stands
// around them, for each of the three places where they may begin.
function inBase64(bytes, encoding) {
  return [0, 1, 2].map((lead) => {
    const text = Buffer.concat([Buffer.alloc(lead), bytes]).toString(encoding).replaceAll("=", "");
    const first = Math.ceil(lead * 8 / 6), whole = Math.floor((lead + bytes.length) * 8 / 6);
    return Buffer.from(text.slice(first, whole));
  });
}

export class Haystack {
  // readings are watt-hours, one after another. Runs that are nothing special
  // (fewer than four different values) are not looked for: they are everywhere.
  constructor(readings) {
    this.heads = new Map();
    this.runs = 0;
    for (let i = 0; i + RUN <= readings.length; i++) {
      const run = readings.slice(i, i + RUN);
      if (new Set(run).size < 4) continue;
      this.runs++;
      for (const { name, bytes } of this.forms(run)) {
        const head = bytes.readUIntBE(0, HEAD);
        const list = this.heads.get(head);
        if (list) list.push({ name, at: i, bytes });
        else this.heads.set(head, [{ name, at: i, bytes }]);
      }
    }
  }

  // forms are all forms of a run.
  forms(run) {
    const forms = [];
    for (const { name, bytes } of [...textForms(run), ...binaryForms(run)]) {
      forms.push({ name, bytes });
      forms.push({ name: name + ", hex", bytes: Buffer.from(bytes.toString("hex")) });
      forms.push({ name: name + ", HEX", bytes: Buffer.from(bytes.toString("hex").toUpperCase()) });
      const plain = inBase64(bytes, "base64"), url = inBase64(bytes, "base64url");
      plain.forEach((b, i) => {
        forms.push({ name: `${name}, base64 ${i}`, bytes: b });
        if (!url[i].equals(b)) forms.push({ name: `${name}, base64url ${i}`, bytes: url[i] });
      });
    }
    return forms;
  }

  // find lists what is found in bytes: the form, which reading, and where.
  find(bytes) {
    const found = [];
    let head = 0;
    for (let i = 0; i < bytes.length; i++) {
      head = (head % 2 ** 40) * 256 + bytes[i];
      if (i < HEAD - 1) continue;
      const list = this.heads.get(head);
      if (!list) continue;
      const at = i - HEAD + 1;
      for (const n of list) {
        if (at + n.bytes.length <= bytes.length && n.bytes.compare(bytes, at, at + n.bytes.length) === 0) found.push(`${n.name}: reading ${n.at} at byte ${at}`);
      }
    }
    return found;
  }
}
