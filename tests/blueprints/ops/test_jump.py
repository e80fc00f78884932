"""The jump box: what names one thing leads there, and that it names a person is noted."""

from __future__ import annotations

from flask import Flask

from tests.attacks.walking import Person
from tests.blueprints.ops.test_users import noted


def jump(person: Person, named: str) -> tuple[int, str | None]:
    answer = person.browser.post("/ops/jump/", data={"csrf_token": person.form_token, "named": named})
    return answer.status_code, answer.location


def test_straight_to_what_is_named(app: Flask, support: Person, owner: Person) -> None:
    account = f"/ops/users/{owner.saver.id}/"
    jar, movement = owner.id_of("jar_id"), owner.id_of("transaction_id")
    loan, request = owner.id_of("loan_id"), owner.id_of("request_id")
    number = owner.saver.phone or ""
    reference = owner.saver.get("/api/support-requests/").json["items"][0]["reference"]
    for named, place in (
        (str(owner.saver.id), account), (f"  {str(owner.saver.id).upper()} ", account),
        (owner.saver.email.upper(), account), (number, account), (number[3:], account),
        (jar, f"{account}#jars"), (movement, f"/ops/transactions/{movement}/"), (loan, f"/ops/loans/{loan}/"),
        (request, f"/ops/requests/{request}/"), (reference.lower(), f"/ops/requests/{request}/"),
        (owner.id_of("paper_id"), f"/ops/papers/{owner.id_of('paper_id')}/"),
        (owner.id_of("reversal_id"), f"/ops/reversals/{owner.id_of('reversal_id')}/"),
    ):  # fmt: skip
        assert jump(support, named) == (303, place), named
    looks = [details["what"] for action, _, details in noted(app, support)]
    assert looks == ["email", "phone", "phone"]


def test_what_names_nothing(app: Flask, support: Person) -> None:
    for named in ("nobody@example.com", "9999999999", "CH-2222-2222", "0" * 32, "Asha", "%", "\N{PILE OF POO}"):
        assert jump(support, named)[0] == 404, named
    assert jump(support, "  ")[0] == 422
    assert jump(support, "x" * 300)[0] == 422
    assert noted(app, support) == []
