// Shows what Chhota has to tell while its pages are closed, and leads there. It keeps nothing and answers no request.
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
