"""A walk through pages: each is loaded once, and looked at in every size, theme and size of letters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from tests.browser.conftest import DESKTOP, PHONE, Visit

# A narrow phone, which a desktop of 1280 × 1024 at four times the size is too, and 1280 × 800 at twice the size.
NARROW, ZOOMED = (320, 640), (640, 400)
PUBLIC = ("/", "/login", "/signup", "/forgot", "/terms", "/privacy", "/offline", "/nowhere")
# Files, forms' own ends and ways to other pages, no pages.
NO_PAGES = {
    "/manifest.webmanifest", "/service-worker.js", "/begin", "/agree", "/healthz", "/readyz", "/metrics",
    "/login/code", "/profile/two-factor/codes", "/profile/two-factor/off",
    # There is no provider at the usual application: test_providers.py goes through these.
    "/login/with/<name>", "/login/with/<name>/back", "/profile/ways", "/profile/ways/link",
    "/profile/ways/with/<name>",
    # A part of a page; and one for whoever may have a loan, which test_loans.py goes through.
    "/loans/new/figures", "/loans/new",
}  # fmt: skip
# For those who build pages, in English.
OUR_OWN = {"/styleguide"}
# Pages that are drawn in more than one way.
MORE = (
    "/leaderboard?board=consistency&period=month",
    "/support/new?about=score",
    "/support/new?about=transaction&id={movement}",
    "/support/{answered}",
    "/support/{answered}/again",
    "/jars/{jar}?type=deposit",
    "/jars/{jar}?type=withdraw&from=2030-01-01",
    "/jars/{weekly}",
    "/jars/{monthly}",
    "/jars/{flexible}",
    "/jars/{full}",
    "/jars/{closed}",
    "/jars/{closed}/close",
    "/loans/{cancelled}",
    "/unsubscribe/{token}",
)
#: The least that a finger meets, in pixels.
TARGET = 44


def addresses(app: Flask, ids: dict[str, Any]) -> list[str]:
    """Every page that a signed-in saver sees, found by walking the routes. ``ids``: what their addresses name."""
    pages = set()
    for rule in app.url_map.iter_rules():
        # The first minutes are over: a newcomer sees those pages. The console is not for savers.
        taken = (
            rule.rule.startswith(("/begin/", "/api/", "/static/", "/ops/"))
            or rule.rule.endswith((".csv", ".pdf", ".jpg"))
            or "GET" not in (rule.methods or ())
            or rule.rule in {*NO_PAGES, *PUBLIC, *OUR_OWN}
        )
        if not taken:
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(next(part for part in path.split("/") if part.endswith(f"{name}>")), str(ids[name]))
            pages.add(path)
    return sorted(pages | {path.format(**ids) for path in MORE})


@dataclass
class Walk:
    """What was wrong with the pages that ``look`` was sent to."""

    browser: Visit
    wide: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    barriers: list[str] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)

    def through(self, paths: Iterable[str]) -> Iterator[str]:
        """Look at each page, and hand its path out while it stands open, on a phone in light."""
        for path in paths:
            self.browser.go(path)
            yield path
            self.look(path)

    def look(self, path: str) -> None:
        """At the page that stands open."""
        page = self.browser.page
        if page.evaluate("document.activeElement === document.body"):
            page.keyboard.press("Tab")
            self.first[path] = page.evaluate("document.activeElement.className")
            page.evaluate("document.activeElement.blur()")
        self._fits(path, NARROW)
        self._fits(path, PHONE, letters=2)
        self.small += [f"{path}: {one}" for one in page.evaluate(SMALL, TARGET)]
        self._fits(path, ZOOMED)
        self._fits(path, DESKTOP, letters=2)
        page.emulate_media(color_scheme="dark")
        self.barriers += self.browser.barriers()
        page.emulate_media(color_scheme="light")
        self._fits(path, PHONE)
        self.barriers += self.browser.barriers()

    def _fits(self, path: str, size: tuple[int, int], *, letters: int = 1) -> None:
        page = self.browser.page
        page.set_viewport_size({"width": size[0], "height": size[1]})
        where = f"{path} at {size[0]}{f' with letters {letters} times as large' if letters > 1 else ''}"
        if letters > 1:
            page.evaluate("(times) => { document.documentElement.style.fontSize = `${times * 100}%`; }", letters)
        if self.browser.sideways() > 0:
            self.wide.append(where)
        self.cut += [f"{where}: {one}" for one in page.evaluate(CUT)]
        if letters > 1:
            page.evaluate("document.documentElement.style.fontSize = ''")

    def found(self) -> str:
        """Everything, one to a line; nothing where the pages are as they should be."""
        kinds = {
            "wide": self.wide,
            "cut off": self.cut,
            "small": sorted(set(self.small)),
            "barrier": self.barriers,
            "not led past the navigation": [path for path, name in self.first.items() if name != "skip"],
            "complaint": self.browser.complaints,
        }
        return "\n".join(f"{kind}: {one}" for kind, every in kinds.items() for one in every)


# Words that stand beyond the window or beyond a box that hides what sticks out of it.
CUT = r"""() => {
  const UNSEEN = ".sr-only, .skip, script, style, dialog:not([open]), select, textarea";
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, one = node.parentElement;
    if (!node.data.trim() || one.closest(UNSEEN)) continue;
    if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    let [left, right, top, bottom] = [-1, innerWidth + 1, -Infinity, Infinity];
    for (let up = one; up && up !== document.body; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      if (/auto|scroll/.test(style.overflowX)) {
        [left, right] = [-Infinity, Infinity];  // one scrolls to it
        break;
      }
      if (/auto|scroll/.test(style.overflowY)) continue;
      const edge = up.getBoundingClientRect();
      [left, right] = [Math.max(left, edge.left - 2), Math.min(right, edge.right + 2)];
      [top, bottom] = [Math.max(top, edge.top - 4), Math.min(bottom, edge.bottom + 4)];
    }
    const whole = box.left >= left && box.right <= right && box.top >= top && box.bottom <= bottom;
    if (!whole) found.push(node.data.trim().slice(0, 50));
  }
  return found;
}"""

# What is pressed and is no word within a sentence. A choice is pressed on its label, a row of the inbox as a whole.
SMALL = r"""(least) => {
  const found = [];
  const pressable = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  for (const one of document.querySelectorAll(pressable)) {
    if (one.closest("dialog:not([open]), .skip") || !one.checkVisibility() || one.disabled) continue;
    const alone = one.parentElement.innerText.trim() === one.innerText.trim();
    if (one.tagName === "A" && getComputedStyle(one).display === "inline" && !alone) continue;
    const pressed = one.closest("label, .control, .told-one, .txn, .jar-card-link") || one;
    const box = pressed.getBoundingClientRect();
    const name = String(one.innerText || one.name || one.className).trim().slice(0, 40);
    if (Math.round(box.height) < least) found.push(`${name}: ${Math.round(box.width)}×${Math.round(box.height)}`);
  }
  return found;
}"""
