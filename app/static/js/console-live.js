// Parts of a page that change by themselves: fetched anew as a whole page, and put in place where they differ.
for (const first of document.querySelectorAll("[data-live]")) {
  const { id } = first;
  const stale = document.querySelector(`[data-stale="${id}"]`);
  const busy = (part) => document.querySelector("dialog[open]") || part.querySelector('[aria-busy="true"], :checked:not(option)');

  const update = async () => {
    const part = document.getElementById(id);
    if (document.hidden || busy(part)) return later(part);
    let fresh;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
    } catch {
      stale.hidden = false;
      return;
    }
    if (!fresh || busy(part)) return later(part);
    const { id: focused } = part.contains(document.activeElement) ? document.activeElement : { id: "" };
    // Whoever stands on something without a name would lose their place.
    if (part.contains(document.activeElement) && !focused) return later(part);
    if (fresh.innerHTML !== part.innerHTML) {
      const scrolled = [...part.querySelectorAll(".ops-scroll")].map((one) => [one.scrollLeft, one.scrollTop]);
      part.replaceWith(fresh);
      [...fresh.querySelectorAll(".ops-scroll")].forEach((one, at) => scrolled[at] && one.scrollTo(...scrolled[at]));
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
    later(document.getElementById(id));
  };

  const later = (part) => {
    if (part.dataset.live) setTimeout(update, 1000 * part.dataset.live);
  };
  later(first);
}
