// The service worker: it keeps this version's files, so that the app opens
// without a network, and nothing else. No reading, key or bill ever comes here:
// those live encrypted in IndexedDB. A new version is fetched beside the old
// one and takes over when the person says so, or when no page is open.
"use strict";

const PREFIX = "hushwatt-app-";
const CACHE = PREFIX + "BUILD-OF-THIS-APP";
const FILES = "FILES-OF-THIS-APP"; // [[path, integrity], …]
const KEPT = new Set(FILES.map(([path]) => path));

// Left to the network always: what the server says, its portal, the demo's files.
const NEVER = ["/api/", "/portal", "/demo/", "/healthz"];

self.addEventListener("install", (event) => event.waitUntil(fetchAll()));

async function fetchAll() {
  const cache = await caches.open(CACHE);
  await Promise.all(FILES.map(async ([path, integrity]) => {
    if (path.startsWith("/web/")) {
      const known = await caches.match(path); // an older version's: the name holds the hash
      if (known) return cache.put(path, known);
    }
    const response = await fetch(path, { integrity, cache: path.startsWith("/web/") ? "default" : "no-cache", redirect: "error" });
    // The page for lost ways is kept as well, and is a 404 by nature.
    if (!response.ok && path !== "/404") throw new Error(path + ": " + response.status);
    await cache.put(path, response);
  }));
}

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim(); // pages of the first visit; later ones asked for it
})()));

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (NEVER.some((path) => url.pathname.startsWith(path))) return;
  if (request.mode === "navigate") event.respondWith(page(url, request));
  else if (KEPT.has(url.pathname)) event.respondWith(kept(url.pathname, request));
});

async function kept(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) || fetch(request);
}

// A page of this version, or what the server knows of the address, or offline
// the page for lost ways.
async function page(url, request) {
  if (KEPT.has(url.pathname)) return kept(url.pathname, request);
  try {
    return await fetch(request);
  } catch {
    return kept("/404", request);
  }
}
