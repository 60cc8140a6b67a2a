// Starts the app: what the compiled pages expect of their window, the program
// itself, and the service worker. Nothing here knows about bills.
"use strict";

// What go-app's runtime looks for. Updates are announced through goappOnUpdate,
// which the program replaces; before it runs, the flag is kept.
var goappUpdatedBeforeWasmLoaded = false;
var goappAppInstallChangedBeforeWasmLoaded = false;
var goappOnUpdate = () => { goappUpdatedBeforeWasmLoaded = true; };
var goappOnAppInstallChange = () => { goappAppInstallChangedBeforeWasmLoaded = true; };
var goappNav = () => {};

const environment = {
  GOAPP_VERSION: "BUILD-OF-THIS-APP",
  GOAPP_ROOT_PREFIX: "",
  GOAPP_STATIC_RESOURCES_URL: "",
  // Addresses that the browser opens by itself, not the app.
  GOAPP_INTERNAL_URLS: JSON.stringify(["/api/", "/portal/", "/demo/"].map((p) => location.origin + p)),
  HUSHWATT_BUILD: "BUILD-OF-THIS-APP",
  HUSHWATT_WORKER: "/web/worker.js",
  HUSHWATT_READER: "/web/reader.js",
};

function goappGetenv(name) { return environment[name]; }
function goappTryUpdate() { if (hushwattRegistration) hushwattRegistration.update().catch(() => {}); }
function goappIsAppInstallable() { return false; }
function goappIsAppleBrowser() { return false; }
async function goappShowInstallPrompt() {}
function goappNewNotification() {}
async function goappSubscribePushNotifications() { return ""; }
function goappKeepBodyClean() { return () => {}; }

// Files that the system opens with the app wait here until the program asks.
var hushwattLaunched = [];
var hushwattOnLaunch = () => {};
if ("launchQueue" in window) {
  launchQueue.setConsumer(async (launch) => {
    for (const handle of launch.files || []) hushwattLaunched.push(await handle.getFile());
    if (hushwattLaunched.length) hushwattOnLaunch();
  });
}

// A file that is dropped beside its place must not replace the page, and one
// that is picked or dropped before the program runs waits for it as well.
function hushwattEarly(files) {
  if (document.documentElement.dataset.app !== "ready") hushwattLaunched.push(...files);
}
addEventListener("change", (event) => { if (event.target.id === "file") hushwattEarly(event.target.files); }, true);

// While the picker is open the screen behind it may change, and the change is
// then told to a picker that is on no screen any more. Its files wait as well.
addEventListener("click", (event) => {
  if (event.target.id !== "file") return;
  event.target.addEventListener("change", ({ target }) => {
    if (target.isConnected || document.documentElement.dataset.app !== "ready") return;
    hushwattLaunched.push(...target.files);
    hushwattOnLaunch();
  }, { once: true });
}, true);
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => { event.preventDefault(); hushwattEarly(event.dataTransfer.files); });

// What this browser lacks, as words that the page has sentences for.
function hushwattLacks() {
  const lacks = [];
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") lacks.push("programs");
  if (!window.isSecureContext) lacks.push("https");
  if (!window.crypto || !window.crypto.subtle) lacks.push("crypto");
  if (!("indexedDB" in window)) lacks.push("storage");
  if (!("serviceWorker" in navigator)) lacks.push("offline");
  return lacks;
}

function show(id) {
  const block = document.getElementById(id);
  if (block) block.hidden = false;
}

// A button that is pressed before the program runs answers at once, and does
// what it says as soon as it can.
let early = "";
function hold(event) {
  const button = event.target.closest("button");
  if (!button || document.documentElement.dataset.app) return;
  early = button.textContent;
  button.classList.add("starting");
}
document.addEventListener("click", hold, true);

// No form of this app is ever sent by the browser: what is typed stays here.
document.addEventListener("submit", (event) => event.preventDefault(), true);

function release() {
  document.removeEventListener("click", hold, true);
  const button = early && [...document.querySelectorAll("button")].find((b) => b.textContent === early);
  if (button) button.click();
}

async function start() {
  if (hushwattLacks().includes("programs")) return show("too-old");
  try {
    const go = new Go();
    const instance = await WebAssembly.instantiate(await hushwattProgram, go.importObject);
    const ended = go.run(instance);
    document.documentElement.dataset.app = "ready";
    hushwattOnLaunch();
    setTimeout(release, 50); // once its first screen is drawn
    keepOffline();
    await ended;
    throw new Error("the program ended");
  } catch (e) {
    console.error("the app could not be started:", e);
    document.documentElement.dataset.app = "failed";
    show("not-started");
  }
}

// Offline after the first visit; a new version waits until it is asked in.
let hushwattRegistration = null;
let asked = false;

async function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  try {
    const had = navigator.serviceWorker.controller !== null;
    hushwattRegistration = await navigator.serviceWorker.register("/sw.js");
    if (!hushwattRegistration) return; // some browsers are told to refuse quietly
    const announce = (worker) => {
      if (!worker) return;
      const look = () => { if (worker.state === "installed" && navigator.serviceWorker.controller) goappOnUpdate(); };
      worker.addEventListener("statechange", look);
      look();
    };
    announce(hushwattRegistration.waiting);
    hushwattRegistration.addEventListener("updatefound", () => announce(hushwattRegistration.installing));
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (asked) location.reload();
      else if (had) goappOnUpdate(); // another tab asked for the new version
    });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) goappTryUpdate(); });
  } catch (e) {
    console.warn("the app will not work offline:", e);
  }
}

// Called by the page when somebody says yes to the new version.
function hushwattUpdate() {
  asked = true;
  const waiting = hushwattRegistration && hushwattRegistration.waiting;
  if (waiting) waiting.postMessage("take over");
  else location.reload();
}

start();
