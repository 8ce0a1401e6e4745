// Keeps what the counter's pages load, so that the installed counter opens at once; shows a page of its own when the counter's service
// is away. Pages themselves are never kept: they may be personal. What wallets and programs use is not touched.
"use strict";
const { version, kept, away } = "TOLD";
const PREFIX = "huizheng-counter-";
const CACHE = PREFIX + version;

self.addEventListener("install", (event) => {
  const keep = async () => (await caches.open(CACHE)).addAll([...kept, away]);
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    const names = await caches.keys();
    const former = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
    await Promise.all(former.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (kept.includes(url.pathname + url.search)) {
    event.respondWith(caches.match(request).then((found) => found ?? fetch(request)));
  } else if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(away)) ?? Response.error()));
  }
});
