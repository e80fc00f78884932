"""A saver who reads Hindi and has a bit of everything, the pages there are, and what of a page is still English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from flask import Flask

from app.services.identity import profile
from app.services.identity.kyc import review
from app.services.notifications import preferences
from app.services.notifications.notices import write
from app.services.ops import loans, support_answers
from app.services.ops.job_runs import Round
from app.transactions import run
from tests import factories
from tests.factories import Saver

NAMES = {"daily": "साइकिल", "weekly": "स्कूल की फ़ीस", "monthly": "दीदी की शादी", "flexible": "आड़ा वक़्त"}
#: What a page in Hindi may say in Latin letters: the brand beside छोटा, the other language's own name, kinds of files,
#: numbers of papers, the legal name of an annual rate, versions, addresses, zones, references, browsers, keys for an
#: app, and an officer whom nobody has named yet.
ALLOWED = re.compile(
    r"\bchhota\b|\bEnglish\b|\b(?:PDF|CSV|JPEG|PNG|HEIC|KYC|APR)\b|\bCH-[0-9A-Z]{4}-[0-9A-Z]{4}\b|\bAsia/Kolkata\b"
    r"|\brule-\d+\b|\bChrome, \w+|^[A-Z2-7]{4}$|\b[A-Z]*XXXX[A-Z]?\b"
    r"|\bNobody yet \(an installation for development\)|[\w.+-]+@[\w.-]+|\b[0-9a-f-]{32,64}\b"
)
WORD = re.compile(r"[A-Za-z]{2,}(?:[ '’-][A-Za-z]+)*")
# Names that other savers chose stand in <bdi>: they are in whatever language they like.
UNSPOKEN = {"script", "style", "bdi"}
SPOKEN = {"aria-label", "title", "alt", "placeholder", "aria-valuetext", "aria-description", "label"}


@dataclass
class Reader:
    """The saver, the addresses of every page that there is to see, and what addresses name: jars by plan and state,
    ``jar_id``, ``request_id``, ``token``."""

    saver: Saver
    pages: list[str]
    ids: dict[str, str]


def reader(app: Flask, clock: Any) -> Reader:
    """A saver with jars of each plan in each state, notices of each kind, a score, requests, and a place on a board."""
    saver = factories.make_saver(app, name="सुनीता शर्मा", language="hi")
    clock.advance(days=-40)
    jars = {
        plan: saver.jar(name=name, plan_type=plan, target_amount="6000", installment_amount="50", end_date="2027-03-31")
        for plan, name in NAMES.items()
    }
    cancelled = factories.lend(saver, jars["daily"], clock.now())
    assert saver.post(f"/api/loans/{cancelled}/cancel/").status_code == 200
    # Its first instalment is late by the end.
    loan = factories.lend(saver, jars["daily"], clock.now())
    assert saver.post(f"/api/loans/{loan}/repay/", {"amount": "100"}).status_code == 201
    for day in range(40):
        if day % 9 != 8:
            assert saver.deposit(jars["daily"], "50", **({"note": "चाय के पैसे"} if day == 38 else {})).status_code == 201
        if day % 7 == 0:
            saver.deposit(jars["weekly"], "50")
            saver.deposit(jars["flexible"], "20")
        if day % 30 == 0:
            saver.deposit(jars["monthly"], "500")
        if day % 10 == 0:
            factories.score(saver, clock)
        clock.advance(days=1)
    movement = saver.withdraw(jars["daily"], "100").json["transaction"]["id"]
    factories.score(saver, clock)
    soon = (clock.now() + timedelta(days=5)).date().isoformat()
    paused, full, closed, ending = (
        saver.jar(name=name, **values)
        for name, values in (
            ("गाय", {"plan_type": "weekly"}),
            ("रेडियो", {"target_amount": "10"}),
            ("पुरानी", {}),
            ("छाता", {"plan_type": "monthly", "target_amount": "900", "end_date": soon}),
        )
    )  # fmt: skip
    until = (clock.now() + timedelta(days=6)).date().isoformat()
    assert saver.call("PUT", f"/api/jars/{paused}/pause/", {"until": until}).status_code == 200
    saver.deposit(full, "10")
    assert saver.call("DELETE", f"/api/jars/{closed}/").status_code == 204
    for jar, body in ((jars["daily"], {"amount": "50"}), (jars["weekly"], {"amount": "50", "day": 3}),
                      (jars["monthly"], {"amount": "500", "day": 31})):  # fmt: skip
        assert saver.call("PUT", f"/api/jars/{jar}/auto-deposit/", body).status_code == 200
    saver.post(f"/api/jars/{jars['weekly']}/auto-deposit/skip/")
    asked = saver.post(
        "/api/support-requests/", {"subject": "एक सवाल", "text": "कृपया देखें।", "about": {"kind": "score"}}
    ).json
    answered = saver.post("/api/support-requests/", {"subject": "दूसरा सवाल", "text": "कृपया देखें।"}).json
    papers = [
        UUID(saver.upload("/api/kyc-upload/", document_type=kind, document_number=number).json["kyc"]["id"])
        for kind, number in (("pan", "BVNPS6203M"), ("passport", ""), ("voter_id", ""), ("aadhaar", "234123412346"))
    ]
    saver.upload("/api/profile/photo/", method="PUT")
    saver.upload(f"/api/jars/{jars['daily']}/picture/", method="PUT")
    with app.app_context():
        by = factories.make_staff(app).id
        run(lambda: support_answers.answer(answered["reference"], "हमने देख लिया।", by=by, at=clock.now()))
        for paper, verdict, why in zip(
            papers, ("rejected", "resubmit", "rejected"), ("name_mismatch", "incomplete", "not_genuine"), strict=False
        ):
            run(partial(review.decide, paper, verdict, reason=why, by=by, at=clock.now()))
        run(lambda: profile.change(saver.id, {"display_name": "सुनीता", "leaderboard_opt_in": True}, at=clock.now()))
        facts = {"jar_id": jars["daily"], "jar": NAMES["daily"], "target": 600_000}
        run(lambda: write(saver.id, "target_reached", facts, at=clock.now()))
        token = preferences.unsubscribe_token(saver.id, "weekly_digest")
        for job in (loans.progress, loans.age):
            job(Round(clock.now()))
    pages = ["/dashboard", "/jars", "/jars/new", "/streaks", "/badges", "/score", "/notifications", "/profile",
             "/profile/notifications", "/profile/data", "/profile/erase", "/profile/nominee", "/terms", "/privacy",
             f"/support/{answered['id']}/again", f"/support/new?about=transaction&id={movement}",
             "/profile/security", "/profile/email", "/profile/phone", "/profile/phone/check",
             "/profile/password", "/profile/confirm", "/profile/two-factor", "/profile/sign-ins", "/email", "/reset",
             "/forgot", "/support", "/support/new", "/support/new?about=score",
             f"/support/{asked['id']}", f"/support/{answered['id']}", f"/unsubscribe/{token}", "/offline",
             "/nowhere", "/profile/papers", "/profile/photo", "/loans", f"/loans/{cancelled}", f"/loans/{loan}",
             f"/loans/{loan}/key-facts", f"/loans/{loan}/repay"]  # fmt: skip
    pages += [f"/leaderboard?board={board}&period={period}" for board in ("streak", "consistency")
              for period in ("week", "month", "all")]  # fmt: skip
    for jar in (*jars.values(), paused, full, closed, ending):
        pages += [f"/jars/{jar}", *(f"/jars/{jar}/{what}" for what in WHAT)]
    ids = {
        **jars,
        "jar": jars["daily"],
        "full": full,
        "closed": closed,
        "paused": paused,
        "token": token,
        "movement": movement,
        "answered": answered["id"],
        "loan_id": str(loan),
        "cancelled": str(cancelled),
    }
    return Reader(saver, pages, ids | {"jar_id": jars["daily"], "request_id": asked["id"]})


WHAT = ("picture", "edit", "close", "pause", "deposit", "withdraw", "auto-deposit", "statement")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSPOKEN:
            self._silent += 1
        held = dict(attrs)
        self.found += [value for name, value in attrs if name in SPOKEN and value]
        if tag == "meta" and held.get("name") == "description":
            self.found.append(held.get("content") or "")
        if tag == "input" and held.get("type") in {"submit", "button"}:
            self.found.append(held.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSPOKEN:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def english_in(html: str) -> Iterator[str]:
    """Each run of Latin words that the page says aloud or shows, beyond what is allowed."""
    parser = _Words()
    parser.feed(html)
    for text in parser.found:
        if WORD.search(ALLOWED.sub(" ", text)):
            yield " ".join(text.split())
