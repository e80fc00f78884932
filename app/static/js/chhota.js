// Small comforts; every page works without them.

// Buttons that open a dialog, where the browser does not know command="show-modal" yet.
if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest('button[command="show-modal"]');
    if (opener) document.getElementById(opener.getAttribute("commandfor"))?.showModal();
  });
}

// Links whose page asks what a dialog of this page can ask as well.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  const dialog = link && document.getElementById(link.dataset.dialog);
  if (!dialog || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  dialog.showModal();
  dialog.querySelector('input:not([type="hidden"])')?.select();
});

// A tap beside a dialog closes it.
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    if (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom) dialog.close();
  });
}

// Shows and hides a password.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    input.focus();
  });
  // A password manager must find a password, not text.
  input.form?.addEventListener("submit", () => { input.type = "password"; });
}

// Amounts that fill a field with one tap.
for (const group of document.querySelectorAll("[data-suggest]")) {
  const input = document.getElementById(group.dataset.suggest);
  const buttons = [...group.querySelectorAll("[data-value]")];
  const mark = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === input.value));
  };
  group.hidden = false;
  input.addEventListener("input", mark);
  group.addEventListener("click", (event) => {
    const button = event.target.closest("[data-value]");
    if (!button) return;
    input.value = button.dataset.value;
    mark();
  });
  mark();
}

// Messages that can be closed.
for (const button of document.querySelectorAll("[data-close]")) {
  button.hidden = false;
  button.addEventListener("click", () => button.parentElement.remove());
}

// One tap, one request: the server answers a repeat alike, and the saver sees that the first was heard.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.method !== "post" || !button) return;
  if (button.getAttribute("aria-busy") === "true") event.preventDefault();
  else button.setAttribute("aria-busy", "true");
});

// A form has the same number each time one comes back to its page, so that sending it once more is no second deposit.
{
  const keys = history.state?.keys || {};
  const numbered = [...document.forms].filter((form) => form.elements.key);
  for (const form of numbered) form.elements.key.value = keys[form.action] ||= form.elements.key.value;
  if (numbered.length) history.replaceState({ ...history.state, keys }, "");
}
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll('[aria-busy="true"]')) button.removeAttribute("aria-busy");
});

// What went wrong takes the focus, where the browser does not know autofocus on such an element.
window.addEventListener("load", () => setTimeout(() => {
  if (document.activeElement === document.body) document.querySelector("[data-focus]")?.focus();
}, 100));

// A page of one's own where there is no connection; only for whoever is signed in, so that a first look stays light.
if ("serviceWorker" in navigator && document.body.classList.contains("has-nav")) {
  window.addEventListener("load", () => navigator.serviceWorker.register("/service-worker.js").catch(() => {}));
}

// Back on line: the page that was asked for.
if (document.querySelector("[data-offline]")) window.addEventListener("online", () => window.location.reload());

// A sign-in that is about to end says so while there is time. A timer is no help to a phone that slept: the clock is.
{
  const band = document.querySelector("[data-session-ends]");
  const AHEAD = 10 * 60 * 1000;
  const look = () => { band.hidden = Date.now() < Date.parse(band.dataset.sessionEnds) - AHEAD; };
  if (band) {
    setInterval(look, 30 * 1000);
    document.addEventListener("visibilitychange", look);
    band.querySelector("button").addEventListener("click", async () => {
      const body = new FormData();
      body.set("csrf_token", band.dataset.token);
      const answer = await fetch(band.dataset.stay, { method: "POST", body, redirect: "manual" }).catch(() => null);
      if (answer?.ok) {
        band.dataset.sessionEnds = new Date(Date.now() + Number(band.dataset.lasts) * 1000).toISOString();
        look();
      } else if (answer) window.location.reload();
    });
  }
}
