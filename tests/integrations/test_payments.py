"""Collecting money over HTTP: made once by its reference, and no answer is ever taken for a yes or a no."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.integrations import payments as module
from app.integrations.payments import HttpPayments, NullPayments, Refused, Settled, Unknown, Unmade, payments
from tests.provider import KEY, Provider, provider


@pytest.fixture
def there() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture
def client(there: Provider, monkeypatch: pytest.MonkeyPatch) -> HttpPayments:
    monkeypatch.setattr(module, "READ_SECONDS", 0.3)
    return HttpPayments(there.url, KEY, "INR")


def test_money_is_collected_once_for_a_reference(client: HttpPayments, there: Provider) -> None:
    payer = uuid4()
    for _ in range(3):
        assert client.collect("jar-1", 5_000, payer=payer) == Settled()
    assert there.settled == [5_000]
    assert client.look_up("jar-1", 5_000) == Settled()
    assert client.look_up("jar-2", 5_000) == Unmade()


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"status": "refused", "reason": "no_funds"}, Refused("no_funds")),
        ({"status": "refused", "reason": "mandate_ended", "final": True}, Refused("mandate_ended", True)),
        ({"status": "refused", "reason": "<script>"}, Refused("refused")),
        ({"status": "refused", "reason": 5, "final": "yes"}, Refused("refused")),
        ({"status": "pending"}, Unknown()),
        ({"status": "of course"}, Unknown()),
    ],
)
def test_what_is_answered_is_understood(client: HttpPayments, there: Provider, said: dict, read: object) -> None:
    there.outcomes = [said]
    assert client.collect("jar-1", 5_000, payer=uuid4()) == read


@pytest.mark.parametrize("manner", ["silent", "hang_up", "nonsense", "other", "error"])
def test_without_a_usable_answer_nobody_knows_and_the_same_reference_tells(
    client: HttpPayments, there: Provider, manner: str
) -> None:
    there.manners = [manner]
    assert client.collect("jar-1", 5_000, payer=uuid4()) == Unknown()
    assert client.collect("jar-1", 5_000, payer=uuid4()) == Settled()
    assert there.settled == [5_000]


def test_another_amount_than_asked_for_is_no_answer(client: HttpPayments, there: Provider) -> None:
    assert client.collect("jar-1", 5_000, payer=uuid4()) == Settled()
    assert client.collect("jar-1", 6_000, payer=uuid4()) == Unknown()


def test_a_wrong_key_moves_nothing(there: Provider) -> None:
    assert HttpPayments(there.url, "another key", "INR").collect("jar-1", 5, payer=uuid4()) == Unknown()
    assert there.made == {}


def test_where_nobody_listens_nobody_knows() -> None:
    assert HttpPayments("http://127.0.0.1:9", KEY, "INR").collect("jar-1", 5, payer=uuid4()) == Unknown()


def test_the_null_twin_stands_in_where_nothing_is_configured() -> None:
    null = payments({"PAYMENTS_URL": "", "PAYMENTS_KEY": "", "CURRENCY": "INR"})
    assert isinstance(null, NullPayments)
    assert null.collect("jar-1", 5, payer=uuid4()) == Settled()
    assert null.look_up("jar-1", 5) == Unmade()
