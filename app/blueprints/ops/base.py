"""What every view of the console is: for staff of a role that the database names at each click, and for nobody else.

Flask-Admin brings the menu, the addresses and the hook before each view. Access, templates and the running of a view
are ours; whatever a view does not declare is off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, ClassVar, Literal, TypeVar, cast
from urllib.parse import urlencode

from flask import abort
from flask_admin import BaseView
from flask_admin.base import MenuView
from flask_login import current_user
from werkzeug.wrappers import Response

from app.blueprints import languages
from app.blueprints.access import ALLOWED
from app.blueprints.ops.forms import JumpForm
from app.blueprints.web.access import caller, turned_away
from app.observability import get_logger
from app.services.identity.principal import FRESH
from app.services.ops.console import waiting
from app.transactions import run

StaffRole = Literal["support", "admin"]
#: Name and address of each page above this one; the last has no address.
Trail = Sequence[tuple[str, str | None]]
View = TypeVar("View", bound=Callable[..., Any])
log = get_logger()


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may run one method of a view. ``fresh_within``: and showed within that time who they are."""

    role: StaffRole | None
    fresh_within: timedelta | None = None


def only(role: StaffRole | None = None, *, fresh: bool = False) -> Callable[[View], View]:
    """Narrow one method of a view: to a role (default: the view's), and to whoever has just shown who they are.

    ``fresh`` is for what moves money and what shows secrets. Stands between ``expose`` and the method.
    """

    def decorate(view: View) -> View:
        view.narrowed = (role, FRESH if fresh else None)  # type: ignore[attr-defined]
        return view

    return decorate


class ConsoleView(BaseView):
    """A view of the console. A subclass says ``role``; one that does not never runs.

    ``waiting``: what of services/ops/console/waiting.py is counted beside its name in the navigation; while something
    waits, its name leads to ``waiting_asked`` of it.
    """

    role: ClassVar[StaffRole | None] = None
    waiting: ClassVar[str | None] = None
    waiting_asked: ClassVar[Mapping[str, str]] = {}
    #: The letter that leads here after a g.
    key: ClassVar[str | None] = None
    #: Whether the navigation has it.
    in_menu: ClassVar[bool] = True

    def __init__(self, name: str, endpoint: str, *, category: str | None = None, url: str | None = None) -> None:
        super().__init__(name, category=category, endpoint=endpoint, url=url)
        self.rules: dict[str, Rule] = {}
        for _, method, _ in self._urls:  # type: ignore[attr-defined]
            role, fresh_within = getattr(getattr(self, method), "narrowed", (None, None))
            self.rules[method] = Rule(role or self.role, fresh_within)
            # What the application's walks read of a route: as access() and page_access() write it.
            setattr(self, method, _declaring(getattr(self, method), self.rules[method]))

    def is_visible(self) -> bool:
        """Whether it stands in the navigation, for whoever may open it."""
        return self.in_menu

    def is_accessible(self) -> bool:
        """Whether the person of this request may open it."""
        person = current_user
        return self.role is not None and person.is_authenticated and person.role in ALLOWED[self.role]

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        # Flask-Admin calls this before each view; what it returns is answered instead.
        rule = self.rules[name]
        if rule.role is None:
            log.error("console_view_without_a_role")
            abort(404)
        instead = turned_away(rule.role, fresh_within=rule.fresh_within, staff_only=True)
        if instead is None:
            languages.use("en")  # staff work in English, whatever language they save in
        return instead

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin's own calls a view a second time where its first run raises a TypeError.
        return fn(self, *args, **kwargs)

    def render(self, template: str, **kwargs: Any) -> str:
        """A page of the console. ``trail``: the pages below this view's own, for the way back."""
        person = caller()
        below: Trail = kwargs.pop("trail", ())
        groups = menu(self)
        own = (self.name, self.menu.get_url() if below and self.menu else None)
        frame = {
            "console_menu": groups,
            "trail": [own, *below] if self.in_menu else list(below),
            "jump": JumpForm(),
            "person": person,
            "zone": person.zone,
            "nav_items": [],
        }
        return super().render(template, **(frame | kwargs))


def menu(current: BaseView) -> list[dict[str, Any]]:
    """The navigation as this person may see it: groups of entries, with how much work waits."""
    admin = current.admin
    assert admin is not None
    groups: list[tuple[str | None, list[MenuView]]] = []
    for item in admin.menu():
        if not (item.is_visible() and item.is_accessible()):
            continue
        if item.is_category():
            groups.append((item.name, cast("list[MenuView]", item.get_children())))
        else:
            groups.append((None, [cast("MenuView", item)]))
    asked = {view.waiting for _, entries in groups for entry in entries if (view := entry._view).waiting}
    counted: Mapping[str, int] = run(lambda: waiting.counts(asked)) if asked else {}
    return [
        {"name": name, "entries": [_entry(entry, current, counted) for entry in entries]} for name, entries in groups
    ]


def _entry(entry: MenuView, current: BaseView, counted: Mapping[str, int]) -> dict[str, Any]:
    view = cast("ConsoleView", entry._view)
    count, path = counted.get(view.waiting or "", 0), entry.get_url()
    asked = f"?{urlencode(view.waiting_asked)}" if count and view.waiting_asked else ""
    return {
        "label": entry.name,
        "url": f"{path}{asked}",
        "path": path,
        "current": entry.is_active(current),
        "key": view.key,
        "waiting": count,
    }


def _declaring(method: Callable[..., Any], rule: Rule) -> Callable[..., Response | str]:
    @wraps(method)
    def declared(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    declared.access = rule.role  # type: ignore[attr-defined]
    declared.fresh_within = rule.fresh_within  # type: ignore[attr-defined]
    return declared
