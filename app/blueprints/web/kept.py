"""What was typed into a form that could not be taken, because the sign-in behind it had ended, until it can be.

It waits in the browser's own session: for the person who typed it and for that one page, and is gone once shown.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, session
from werkzeug.datastructures import ImmutableMultiDict

KEPT = "typed"
#: A cookie has room for four thousand characters in all.
MOST_CHARACTERS = 1_200
# A new page has a token and a number of its own; a password, and the number of a paper, is typed again.
NEVER = frozenset({"csrf_token", "key", "document_number"})
SECRET = ("password", "otp", "code")


def keep(owner: UUID | None) -> None:
    """Keep what this request's form holds, for ``owner``; where nobody knows who that is, None.

    Then only what belongs to a page with an id in its address, which nobody but its owner can open. Nothing of the
    console: what staff type is about others, and its pages do not show it again.
    """
    if request.path.startswith("/ops/"):
        return
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in NEVER and not any(word in name for word in SECRET)
    ]
    if not fields or sum(len(name) + len(value) for name, value in fields) > MOST_CHARACTERS:
        return
    # Only a form of our own pages may leave words in one of them.
    if owner is None and not (request.view_args and request.headers.get("Sec-Fetch-Site") == "same-origin"):
        return
    session[KEPT] = {"owner": str(owner) if owner else None, "path": request.path, "fields": fields}


def carry_over(owner: UUID | None = None) -> dict[str, Any]:
    """What a cleared session may hold on to: for anybody until somebody signs in, then for ``owner`` alone."""
    found = session.get(KEPT)
    if not isinstance(found, dict) or (owner is not None and found["owner"] not in {None, str(owner)}):
        return {}
    return {KEPT: found}


def fields_of_this_page() -> ImmutableMultiDict[str, str] | None:
    """What was typed into this page's form, once; None where nothing was."""
    found = session.get(KEPT)
    if not isinstance(found, dict) or found["path"] != request.path:
        return None
    del session[KEPT]
    return ImmutableMultiDict([(name, value) for name, value in found["fields"]])
