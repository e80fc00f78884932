// The worker behind every page. It shows what Chhota has to tell while the pages are closed, and one page of its own
// where there is no connection. It keeps that page and what that page is drawn with, and nothing else: what a saver has
// is asked of the server each time, or not shown. LANGUAGE and VERSION stand before this line; the server puts them there.
const KEPT = `chhota-${VERSION}`;
const OFFLINE = `/offline?language=${LANGUAGE}`;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    // Without cookies: the page is the same for everybody.
    const page = await fetch(OFFLINE, { credentials: "omit", cache: "no-store" });
    const parts = new Set([...(await page.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map((found) => found[1]));
    const cache = await caches.open(KEPT);
    await cache.addAll([...parts]);
    await cache.put(OFFLINE, page);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
    // The request for a page leaves while the worker is still waking up.
    await self.registration.navigationPreload?.enable();
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith((async () => {
      try {
        return (await event.preloadResponse) || (await fetch(request));
      } catch {
        return (await caches.match(OFFLINE)) || Response.error();
      }
    })());
  } else if (new URL(request.url).pathname.startsWith("/static/")) {
    event.respondWith(fetch(request).catch(async () => (await caches.match(request)) || Response.error()));
  }
});

self.addEventListener("push", (event) => {
  let notice = {};
  try {
    notice = event.data.json();
  } catch {
    // A message that is no notice still has to be shown: browsers take the permission away from those who do not.
  }
  event.waitUntil(self.registration.showNotification(notice.title || "Chhota", {
    body: notice.body || "",
    lang: notice.language || "",
    tag: notice.id || "",
    icon: "/static/notice.png",
    data: { path: notice.path || "/notifications" },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const home = self.location.origin;
  let target = new URL(event.notification.data.path, home);
  if (target.origin !== home) target = new URL("/notifications", home);
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const there = open.find((page) => page.url === target.href);
    return there ? there.focus() : self.clients.openWindow(target.href);
  })());
});
