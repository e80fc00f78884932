"""Statements over the API: what they say, in which form, to whom."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pypdfium2
import pytest
from flask import Flask

from app.blueprints.api.statements import MOST_CSV_LINES
from app.blueprints.documents import pdf, statement_pdf
from app.ledger import posting
from app.ledger.accounts import lock_jar_accounts
from app.services.ops import reversals
from app.services.savings import cells
from app.transactions import queue, run, transaction
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

PDF = {"Accept": "application/pdf"}


def statement(saver: Saver, jar: str, since: str = "2026-07-01", until: str = "2026-07-31", **more: Any) -> Any:
    return saver.get(f"/api/jars/{jar}/statement/?from={since}&to={until}", **more)


def rows(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.json
    return list(csv.reader(StringIO(answer.data.decode(), newline="")))


def pages(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    assert answer.mimetype == "application/pdf"
    document = pypdfium2.PdfDocument(answer.data)
    # The word breaks that long words are given are not part of what they say.
    return [page.get_textpage().get_text_range().replace("\u200b", "") for page in document]


def test_csv_says_what_moved_between_the_balances(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    saver.deposit(jar, "9000.5")
    clock.advance(days=1)
    saver.deposit(jar, "50", note="chai, “kulhad”")
    clock.advance(days=1)
    saver.withdraw(jar, "20.25")
    clock.advance(days=1)
    saver.deposit(jar, "7")

    answer = statement(saver, jar, "2026-07-16", "2026-07-17")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Accept" in answer.headers["Vary"]
    assert rows(answer) == [
        ["date", "time", "type", "note", "in", "out", "balance"],
        ["2026-07-16", "", "Opening balance", "", "", "", "9000.50"],
        ["2026-07-16", "12:00", "Deposit", "chai, “kulhad”", "50.00", "", "9050.50"],
        ["2026-07-17", "12:00", "Withdrawal", "", "", "20.25", "9030.25"],
        ["2026-07-17", "", "Closing balance", "", "", "", "9030.25"],
    ]


def test_days_are_those_of_the_saver(app: Flask, clock: Clock) -> None:
    saver = factories.make_saver(app, time_zone="Asia/Kolkata")
    clock.set(datetime(2026, 7, 15, 18, 29, 59, tzinfo=UTC))
    jar = saver.jar()
    saver.deposit(jar, "1")
    clock.advance(seconds=1)
    saver.deposit(jar, "2")
    first, second = (rows(statement(saver, jar, day, day)) for day in ("2026-07-15", "2026-07-16"))
    assert first[2:-1] == [["2026-07-15", "23:59", "Deposit", "", "1.00", "", "1.00"]]
    assert second[2:-1] == [["2026-07-16", "00:00", "Deposit", "", "2.00", "", "3.00"]]
    assert first[-1][-1] == second[1][-1] == "1.00"


def test_a_movement_keeps_its_date_when_its_saver_takes_another_zone(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    clock.set(datetime(2026, 7, 15, 2, 0, tzinfo=UTC))  # 07:30 of the 15th in Kolkata, the evening of the 14th there
    saver.deposit(jar, "1")
    for zone in ("America/New_York", "America/Chicago"):
        assert saver.call("PATCH", "/api/profile/", {"time_zone": zone}).status_code == 200
        clock.advance(days=3)
    assert rows(statement(saver, jar))[2][:3] == ["2026-07-15", "22:00 (2026-07-14)", "Deposit"]


@pytest.mark.parametrize("note", ["=1+1", "+91", "-5", "@SUM(A1)", "  =cmd|' /C calc'!A0", "＝1"])
def test_a_note_is_never_a_formula(saver: Saver, clock: Clock, note: str) -> None:
    jar = saver.jar()
    saver.deposit(jar, "1", note=note)
    assert rows(statement(saver, jar))[2][3] == f"'{note}"


@pytest.mark.parametrize(("cell", "safe"), [("\t=1", "'\t=1"), ("\r1", "'\r1"), ("a=1", "a=1"), ("", ""), ("₹5", "₹5")])
def test_cells_are_escaped_where_they_start_a_formula(cell: str, safe: str) -> None:
    assert cells.escaped(cell) == safe


def test_reversals_stand_on_lines_of_their_own(app: Flask, saver: Saver, clock: Clock, context: None) -> None:
    jar = saver.jar()
    first, second, third = (saver.deposit(jar, amount).json["transaction"]["id"] for amount in ("100", "40", "30"))
    staff, other = factories.make_staff(app), factories.make_staff(app)
    clock.advance(days=1)

    def reverse(transaction_id: str) -> None:
        run(lambda: reversals.reverse(UUID(transaction_id), reason="t", by=staff.id, second=other.id, at=clock.now()))

    reverse(second)
    saver.withdraw(jar, "70")
    reverse(first)
    reverse(third)

    found = rows(statement(saver, jar, "2026-07-16", "2026-07-16"))
    assert [row[2:] for row in found[1:]] == [
        ["Opening balance", "", "", "", "170.00"],
        ["Reversal of deposit of 15 Jul 2026", "", "", "40.00", "130.00"],
        ["Withdrawal", "", "", "70.00", "60.00"],
        ["Reversal of deposit of 15 Jul 2026, the rest is owed", "", "", "60.00", "0.00"],
        ["Reversal of deposit of 15 Jul 2026, all of it is owed", "", "", "", "0.00"],
        ["Closing balance", "", "", "", "0.00"],
    ]
    text = " ".join("".join(pages(statement(saver, jar, headers=PDF))).split())
    assert "Reversal of deposit of 15 Jul 2026, all of it is owed" in text


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        ("text/csv", "text/csv"),
        ("*/*", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv, application/pdf", "text/csv"),
        ("text/html, */*;q=0.1", "text/csv"),
        ("text/csv;q=0, */*", "application/pdf"),
        ("application/pdf", "application/pdf"),
        ("text/csv;q=0.5, application/pdf", "application/pdf"),
        ("application/json", None),
        ("text/html, application/json;q=0.5", None),
        ("text/csv;q=0", None),
    ],
)
def test_the_form_is_what_accept_asks_for(saver: Saver, clock: Clock, accept: str, mimetype: str | None) -> None:
    answer = statement(saver, saver.jar(), headers={"Accept": accept})
    if mimetype is None:
        assert (answer.status_code, answer.json["code"]) == (406, "not_acceptable")
        assert answer.mimetype == "application/problem+json"
    else:
        assert (answer.status_code, answer.mimetype) == (200, mimetype)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "from"),
        ("from=2026-07-01", "to"),
        ("to=2026-07-01", "from"),
        ("from=2026-07-02&to=2026-07-01", "to"),
        ("from=2026-7-1&to=2026-07-31", "from"),
        ("from=2026-02-29&to=2026-07-31", "from"),
        ("from=2021-07-01&to=2026-07-02", "to"),
        ("from=2020-02-29&to=2025-03-02", "to"),
        ("from=2026-07-01&to=2026-07-31&jar=1", "jar"),
    ],
)
def test_days_that_cannot_be_used_are_named(saver: Saver, query: str, field: str) -> None:
    answer = saver.get(f"/api/jars/{saver.jar()}/statement/?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert field in answer.json["errors"]


@pytest.mark.parametrize("period", [("2021-07-01", "2026-07-01"), ("2020-02-29", "2025-03-01"), ("2026-07-01",) * 2])
def test_five_years_and_one_day_can_be_had(saver: Saver, period: tuple[str, str]) -> None:
    assert statement(saver, saver.jar(), *period).status_code == 200


def test_somebody_elses_jar_is_no_jar(app: Flask, saver: Saver) -> None:
    theirs, mine = factories.make_saver(app), saver.jar()
    for accept in ("text/csv", "application/pdf"):
        foreign, missing = (statement(theirs, jar, headers={"Accept": accept}) for jar in (mine, str(uuid4())))
        assert foreign.status_code == missing.status_code == 404
        assert foreign.json | {"request_id": ""} == missing.json | {"request_id": ""}
    assert app.test_client().get(f"/api/jars/{mine}/statement/?from=2026-07-01&to=2026-07-31").status_code == 401


@pytest.mark.parametrize(
    ("name", "plain", "own"),
    [
        ("Bicycle", "bicycle-", "bicycle-"),
        ("कृष्णा की साइकिल", "", "%E0%A4%95%E0%A5%83%E0%A4%B7%E0%A5%8D%E0%A4%A3%E0%A4%BE-"),
        ('../a"; filename=evil.exe\\', "a-filename-evil-exe-", "a-filename-evil-exe-"),
        ("Café", "cafe-", "caf%C3%A9-"),
        ("🚲", "", ""),
    ],
)
def test_the_file_has_a_name(saver: Saver, name: str, plain: str, own: str) -> None:
    header = statement(saver, saver.jar(name=name)).headers["Content-Disposition"]
    assert header.startswith(
        f"attachment; filename=\"chhota-statement-{plain}2026-07-01-to-2026-07-31.csv\"; filename*=UTF-8''"
        f"chhota-statement-{own}"
    )
    assert header.endswith("2026-07-01-to-2026-07-31.csv")


def test_pdf_says_the_same_in_words_that_can_be_copied(app: Flask, clock: Clock) -> None:
    saver = factories.make_saver(app, name="आशा देवी")
    jar = saver.jar(name="कृष्णा की साइकिल")
    saver.deposit(jar, "1200.5", note="शिक्षा के लिए, श्रद्धा से")
    clock.advance(days=1)
    saver.withdraw(jar, "200", note='*bold* #panic("x") $y$ <b> \\')
    saver.deposit(jar, "1", note="क्षत्रिय" * 20)

    answer = statement(saver, jar, headers=PDF)

    (text,) = pages(answer)
    for said in (
        "Chhota",
        "1 Jul 2026 to 31 Jul 2026",
        "आशा देवी",
        "कृष्णा की साइकिल",
        "Opening balance\r\n₹0.00",
        "In\r\n₹1,201.50",
        "Out\r\n₹200.00",
        "Closing balance\r\n₹1,001.50",
        "15 Jul 2026 12:00 Deposit",
        "शिक्षा के लिए, श्रद्धा से",
        '*bold* #panic("x") $y$ <b> \\',
        "Made by Chhota on 16 Jul 2026, 12:00 (Asia/Kolkata)",
        "Page 1 of 1",
    ):
        assert said in text
    assert text.replace("\r\n", "").count("क्षत्रिय") == 20
    metadata = pypdfium2.PdfDocument(answer.data).get_metadata_dict()
    assert metadata["Title"] == "Chhota: statement of कृष्णा की साइकिल, 1 Jul 2026 to 31 Jul 2026"
    assert metadata["CreationDate"] == "D:20260716063000Z"


def test_pdf_speaks_the_savers_language_and_csv_that_of_programs(app: Flask, clock: Clock, context: None) -> None:
    saver = factories.make_saver(app, name="सुनीता", language="hi")
    jar = saver.jar(name="साइकिल")
    moved = saver.deposit(jar, "1200.5").json["transaction"]["id"]
    staff = factories.make_staff(app).id
    run(lambda: reversals.reverse(UUID(moved), reason="t", by=staff, at=clock.now()))

    (text,) = pages(statement(saver, jar, headers=PDF))
    for said in ("छोटा", "हिसाब", "1 जुलाई 2026 से 31 जुलाई 2026", "शुरू की बाक़ी\r\n₹0.00", "15 जुलाई 2026 12:00 जमा",
                 "15 जुलाई 2026 की वापसी: जमा", "पन्ना 1 / 1", "Asia/Kolkata"):  # fmt: skip
        assert said in text
    assert set(re.findall("[A-Za-z]{2,}", text)) == {"Asia", "Kolkata"}
    assert [row[2] for row in rows(statement(saver, jar))[1:]] == [
        "Opening balance", "Deposit", "Reversal of deposit of 15 Jul 2026", "Closing balance",
    ]  # fmt: skip
    assert "कोई लेन-देन" in pages(statement(saver, saver.jar(), headers=PDF))[0]


@pytest.mark.parametrize("word", ["कृष्णा", "ভবিষ্যৎ", "பணம்", "భవిష్యత్", "ಭವಿಷ್ಯ", "ഭാവി", "ભવિષ્ય", "ਭਵਿੱਖ", "ଭବିଷ୍ୟତ", "🚲"])
def test_every_script_has_its_letters(saver: Saver, clock: Clock, word: str) -> None:
    jar = saver.jar(name=word)
    (text,) = pages(statement(saver, jar, headers=PDF))
    assert text.count(word) == 2  # on the card and at the foot
    assert "￾" not in text


def test_a_long_history_is_quick_and_capped(saver: Saver, clock: Clock, context: None) -> None:
    jar = saver.jar(target_amount="100000")
    many = statement_pdf.MOST_LINES
    with transaction():
        account, _ = lock_jar_accounts([UUID(jar)])[UUID(jar)]
        for number in range(many):
            posting.post(
                user_id=saver.id,
                jar_id=UUID(jar),
                jar_account=account,
                kind="deposit",
                amount=100,
                lines=posting.lines_of("deposit", account, 100),
                day=date(2026, 7, 1) + timedelta(days=number // 200),
                occurred_at=clock.now() + timedelta(seconds=number),
                recorded_at=clock.now(),
                note="चाय ₹10",
            )
        queue(posting.UPDATE_JAR, (account.balance, jar))

    began = time.process_time()
    found = rows(statement(saver, jar))
    csv_seconds = time.process_time() - began
    began = time.process_time()
    text = pages(statement(saver, jar, headers=PDF))
    pdf_seconds = time.process_time() - began

    assert len(found) == many + 3
    assert found[-1][-1] == f"{many}.00"
    assert len(text) > 30
    assert f"Page {len(text)} of {len(text)}" in text[-1]
    assert "Closing balance 2,000.00" in text[-1]
    # Processor time, which a busy machine does not stretch far: 0.1 s and 1.5 s are usual.
    assert csv_seconds < 1
    assert pdf_seconds < 6

    saver.deposit(jar, "1")
    refused = statement(saver, jar, headers=PDF)
    assert refused.status_code == 422
    assert refused.json["errors"]["to"] == ["This period holds more than 2,000 movements. Ask for fewer days."]
    assert len(rows(statement(saver, jar))) == many + 4


def test_drawing_is_limited_for_each_saver_and_reading_is_not(new_app: Callable[..., Flask]) -> None:
    app = new_app(RATELIMIT_ENABLED="1", RATELIMIT_STATEMENT="2 per hour")
    saver, other = factories.make_saver(app), factories.make_saver(app)
    jar = saver.jar()
    assert [statement(saver, jar, headers=PDF).status_code for _ in range(3)] == [200, 200, 429]
    assert statement(saver, jar).status_code == 200
    assert statement(other, other.jar(), headers=PDF).status_code == 200


def test_a_typesetter_that_fails_or_hangs_says_so(
    app: Flask, saver: Saver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RuntimeError, match=r"nothing\.typ"):
        pdf.typeset("nothing", {}, made_at=clock.now())
    monkeypatch.setattr(pdf, "TIME_LIMIT", 0.01)
    answer = statement(saver, saver.jar(), headers=PDF)
    assert (answer.status_code, answer.json["code"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"]


def test_both_forms_and_their_limits_are_documented(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").json
    operation = document["paths"]["/api/jars/{jar_id}/statement/"]["get"]
    assert set(operation["responses"]["200"]["content"]) == {"text/csv", "application/pdf"}
    assert {"404", "406", "422"} <= set(operation["responses"])
    assert [(p["name"], p["required"]) for p in operation["parameters"]] == [("from", True), ("to", True)]
    assert f"{MOST_CSV_LINES:,}" in operation["responses"]["422"]["description"]
