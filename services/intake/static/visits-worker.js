// Opens the page of visits without a signal: an empty form, its scripts and its styles, in both languages, made for nobody. `KEPT`
// stands before these lines. Nothing that was told to somebody is ever kept here, and nothing that is sent passes through.
"use strict";
const CACHE = `kapok-visits-${KEPT.version}`, LANGUAGE = "/intake/visits/language", SECONDS = 4;

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(CACHE);
  await Promise.all(KEPT.addresses.map(async (address) => {
    const answer = await fetch(new Request(address, { credentials: "omit", cache: "reload", redirect: "error" }));
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    await cache.put(address, answer);
  }));
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("kapok-visits-") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("message", (event) => event.waitUntil((async () => {
  if (event.data.language in KEPT.pages) await (await caches.open(CACHE)).put(LANGUAGE, new Response(event.data.language));
})()));

async function keptFor(address) {
  const cache = await caches.open(CACHE);
  if (address.pathname !== KEPT.page) return cache.match(address.pathname + address.search);
  const said = await cache.match(LANGUAGE);
  return cache.match(KEPT.pages[said ? await said.text() : "zh"]);
}

// The service first, so that nobody works with an old page; what is kept when it does not answer, or not soon.
async function answered(request, address) {
  const late = new Promise((_, reject) => setTimeout(reject, SECONDS * 1000));
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (answer.status < 500) return answer;
  } catch { /* no signal */ }
  return (await keptFor(address)) ?? Response.error();
}

self.addEventListener("fetch", (event) => {
  const { request } = event, address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if ((request.mode === "navigate" && address.pathname === KEPT.page) || KEPT.addresses.includes(address.pathname + address.search)) {
    event.respondWith(answered(request, address));
  }
});
