// What must not wait for the page to be drawn: the colours that somebody chose,
// and asking for the program. Everything else is in app.js.
"use strict";

// Preferences of this browser, the only thing ever put into localStorage. A
// window without storage has none.
function hushwattPreference(what, name, value) {
  try {
    if (what === "set") localStorage.setItem("hushwatt." + name, value);
    return localStorage.getItem("hushwatt." + name) || "";
  } catch {
    return "";
  }
}
document.documentElement.dataset.scheme = hushwattPreference("get", "scheme", "");

// The program, compiled. app.js says so if it does not come.
var hushwattProgram = new Promise((resolve, reject) => {
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") return;
  const worker = new Worker("/web/compile.js");
  worker.onmessage = ({ data }) => {
    worker.terminate();
    if (data.program) resolve(data.program);
    else reject(new Error(data.failed));
  };
  worker.onerror = () => reject(new Error("it could not be compiled"));
});
hushwattProgram.catch(() => {});
