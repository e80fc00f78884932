"""The terms and the privacy notice, for everybody to read, and the page that asks about a new version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.languages import language
from app.blueprints.web.access import caller, local_path, page_access, put_off, say, undecided
from app.blueprints.web.navigation import home
from app.services.identity import consents, policies
from app.services.ops import support_requests
from app.transactions import run

blueprint = Blueprint("web_policies", __name__)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a text: a heading, a paragraph, or the lines of a list."""

    kind: Literal["heading", "text", "list"]
    lines: list[str]


@blueprint.get("/terms")
@page_access("public")
def terms() -> str:
    """The terms in the version that counts, or in an older one that the address names."""
    return _page("terms")


@blueprint.get("/privacy")
@page_access("public")
def privacy() -> str:
    """The privacy notice, likewise."""
    return _page("privacy")


@blueprint.route("/agree", methods=["GET", "POST"])
@page_access("saver", agreed=False)
def agree() -> str | Redirect:
    """Ask about what is new; whoever puts it off goes on, and is asked again at the next sign-in."""
    asked, on = undecided(), local_path(request.args.get("next")) or home()
    if not asked:
        return redirect(on, 303)
    if request.method == "POST":
        person, at = caller(), clock.now()
        if request.form.get("answer") == "later":
            put_off()
            return redirect(on, 303)
        said = {policy: policies.current(policy, at).number for policy in asked}
        run(lambda: consents.say(person.id, said, how=consents.ASKED, at=at, actor=person.role))
        say("success", "identity/said.html", "agreed")
        return redirect(on, 303)
    person = caller()
    held = {"terms": person.terms_version, "privacy": person.privacy_version}
    return render_template("policies/agree.html", form=FlaskForm(), asked=asked, first=not any(held.values()))


def _page(policy: str) -> str:
    at = clock.now()
    current = policies.current(policy, at)
    shown = policies.version(policy, request.args.get("version", current.number))
    if shown is None or shown.counts_from > max(current.counts_from, at.date()):
        abort(404)
    return render_template(
        "policies/policy.html",
        policy=policy,
        shown=shown,
        today=at.date(),
        current=current,
        older=[one for one in policies.VERSIONS[policy] if one.counts_from < current.counts_from],
        blocks=blocks(policies.template(policy, shown.number, language())),
        own_language=False,
    )


def blocks(template: str) -> list[Block]:
    """A text's parts: paragraphs stand apart by empty lines, "## " begins a heading, "- " a line of a list."""
    values = {"officer": support_requests.officer(), "days": current_app.config["SUPPORT_ANSWER_DAYS"]}
    found = []
    for part in current_app.jinja_env.get_template(template).render(values).strip().split("\n\n"):
        if part.startswith("## "):
            found.append(Block("heading", [part.removeprefix("## ")]))
        elif part.startswith("- "):
            found.append(Block("list", [line.removeprefix("- ") for line in part.splitlines()]))
        else:
            found.append(Block("text", part.splitlines()))
    return found
