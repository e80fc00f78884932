"""The inbox, and what reaches this browser while it is closed."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints import cursors
from app.blueprints.web import undo
from app.blueprints.web.access import caller, local_path, page_access, say
from app.blueprints.web.navigation import page_at
from app.services.notifications import devices
from app.services.notifications import inbox as notices
from app.services.notifications.inbox import Notice
from app.services.notifications.words import Words, words
from app.transactions import run

blueprint = Blueprint("web_notifications", __name__)
SAID = "notifications/said.html"
NOTICES_ON_A_PAGE = 20


@blueprint.get("/notifications")
@page_access("saver")
def inbox() -> str:
    """What the saver was told, by days."""
    person, about = caller(), f"web:notices:{caller().id}"
    after = cursors.decode(request.args.get("after"), about=about)
    push_key = devices.browser_key() if after is None else None

    def work() -> tuple[list[Notice], tuple[datetime, UUID] | None, bool]:
        rows, position = notices.page(person.id, limit=NOTICES_ON_A_PAGE, after=after)
        listening = push_key is not None and any(one.kind == "web" for one in devices.registered(person.family_id))
        return rows, position, listening

    rows, position, listening = run(work)
    said = [(notice, words(notice.kind, notice.facts, person.language)) for notice in rows]

    def day(one: tuple[Notice, Words]) -> date:
        return person.zone.date(one[0].created_at)

    return render_template(
        "notifications/inbox.html",
        person=person,
        today=person.zone.date(clock.now()),
        days=[(shown, list(group)) for shown, group in groupby(said, key=day)],
        newest=rows[0].id if rows and after is None else None,
        older=cursors.encode(position, about=about),
        later_page=after is not None,
        push_key=push_key,
        listening=listening,
        choices=page_at("/profile/notifications"),
    )


@blueprint.post("/notifications/<uuid:notice_id>/read")
@page_access("saver")
def open_notice(notice_id: UUID) -> Redirect:
    """Mark a notice as read and go where it leads."""
    person = caller()
    notice = run(lambda: notices.mark_read(person.id, notice_id, at=clock.now()))
    path = words(notice.kind, notice.facts, person.language).path
    return redirect(local_path(path) or url_for("web_notifications.inbox"), 303)


@blueprint.post("/notifications/read")
@page_access("saver")
def read_all() -> Redirect:
    """Mark as read what the page showed, and everything before it."""
    try:
        through = UUID(request.form.get("through", ""))
    except ValueError:
        abort(400)
    at = clock.now()
    run(lambda: notices.mark_all_read(caller().id, through=through, at=at))
    say(undo.offer("read", through=str(through), at=at.isoformat()), SAID, "all_read")
    return redirect(url_for("web_notifications.inbox"), 303)


@blueprint.post("/notifications/devices")
@page_access("saver")
def add_device() -> tuple[str, int]:
    """Have this browser take push for this sign-in; asked by a script, which needs no page in answer."""
    person, form = caller(), request.form
    keys = {name: form.get(name, "") for name in ("p256dh", "auth")}
    run(lambda: devices.register_browser(person.id, person.family_id, form.get("endpoint", ""), keys, at=clock.now()))
    return "", 204


@blueprint.post("/notifications/devices/remove")
@page_access("saver")
def remove_device() -> tuple[str, int]:
    """Push nothing more to this browser."""
    person = caller()

    def work() -> None:
        for device in devices.registered(person.family_id):
            if device.kind == "web":
                devices.remove(person.id, device.id)

    run(work)
    return "", 204
