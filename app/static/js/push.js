// Notices on this device, where the browser knows how: until then the card stays hidden, and the inbox lacks nothing.
{
  const card = document.querySelector("[data-push]");
  const button = card?.querySelector("button");
  const worker = () => navigator.serviceWorker.getRegistration("/");

  const show = (state) => {
    for (const words of card.querySelectorAll("[data-says]")) words.hidden = !words.dataset.says.split(" ").includes(state);
    card.dataset.state = state;
    button.hidden = state === "blocked";
    card.hidden = false;
  };

  const look = async () => {
    if (Notification.permission === "denied") return "blocked";
    const held = await (await worker())?.pushManager.getSubscription();
    // The server knows whether it is this sign-in that the browser listens for.
    return held && card.dataset.known === "yes" ? "on" : "off";
  };

  const send = async (address, values) => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrf_token: card.dataset.token, ...values })) body.set(name, value);
    const answer = await fetch(address, { method: "POST", body });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
  };

  const subscribe = async () => {
    if (await Notification.requestPermission() !== "granted") return look();
    await navigator.serviceWorker.register("/service-worker.js");
    const { pushManager } = await navigator.serviceWorker.ready;
    const wanted = { userVisibleOnly: true, applicationServerKey: card.dataset.push };
    let subscription;
    try {
      subscription = await pushManager.subscribe(wanted);
    } catch (error) {
      // One for an earlier key of this site stands in the way.
      const old = await pushManager.getSubscription();
      if (error.name !== "InvalidStateError" || !old) throw error;
      await old.unsubscribe();
      subscription = await pushManager.subscribe(wanted);
    }
    const { endpoint, keys } = subscription.toJSON();
    await send(card.dataset.register, { endpoint, p256dh: keys.p256dh, auth: keys.auth });
    card.dataset.known = "yes";
    return "on";
  };

  const unsubscribe = async () => {
    await send(card.dataset.remove, {});
    card.dataset.known = "no";
    await (await (await worker())?.pushManager.getSubscription())?.unsubscribe();
    return "off";
  };

  if (card && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
    button.addEventListener("click", async () => {
      if (button.getAttribute("aria-busy") === "true") return;
      const change = card.dataset.state === "on" ? unsubscribe : subscribe;
      button.setAttribute("aria-busy", "true");
      try {
        show(await change());
      } catch {
        show("away");
      }
      button.removeAttribute("aria-busy");
    });
    look().then(show, () => {});
  }
}
