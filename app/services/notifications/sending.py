"""Sending what is due, channel by channel, in batches; commits batch by batch.

What happens when: a worker that dies before it has marked a batch leaves it claimed; when the lease is over, another
sends it again. A letter then has the same Message-ID, an SMS the same reference, a push to a browser the same topic:
the other side can tell that it is the same, and nothing else is sent twice.

A channel whose other side does not answer rests for a while in this process, so that it holds up no other work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from flask import current_app
from prometheus_client import Counter

from app.integrations import push, web_push
from app.integrations.email import Mailer
from app.integrations.outgoing import Away, Outcome
from app.integrations.push import PhoneMessage, PhonePush
from app.integrations.sms import Sms
from app.integrations.web_push import BrowserMessage, BrowserPush
from app.observability import get_logger
from app.services.notifications.deliveries import Delivery, claim, fan_out, mark
from app.services.notifications.kinds import KINDS
from app.services.notifications.letters import letter
from app.services.notifications.words import words
from app.transactions import run

log = get_logger()
REST_SECONDS = 60.0
RUN_SECONDS = 45.0  # what is left then is the next run's
KEPT_SECONDS = 24 * 3600  # how long a push service keeps a message for a device that is off
BATCHES = {"email": 20, "push": push.BATCH, "webpush": web_push.BATCH, "sms": 10}

deliveries_total = Counter("notification_deliveries_total", "What left for savers", ["channel", "outcome"])
_rests_until: dict[str, float] = {}
_named: set[str] = set()


def set_up() -> list[str]:
    """The channels that this installation has. Needs an application context."""
    extensions = current_app.extensions
    named = {"push": "phone_push", "webpush": "browser_push", "sms": "sms", "email": "mailer"}
    return [channel for channel, name in named.items() if extensions[name].configured]


def make_deliveries(notices: Sequence[tuple[str, str]], *, at: datetime) -> set[str]:
    """Make the deliveries of ``notices`` for what is set up here; the channels with something new to send."""
    channels = set_up()
    for channel in BATCHES.keys() - channels - _named:
        _named.add(channel)  # once for each process is enough
        log.info("way_out_not_set_up", component=channel)
    if not channels:
        return set()
    sms: Sms = current_app.extensions["sms"]
    return run(lambda: fan_out(notices, at=at, real=datetime.now(UTC), channels=channels, texts=sms.registered))


def send_due(clock: Callable[[], datetime], *, channels: Sequence[str] | None = None) -> dict[str, int]:
    """Send what is due on ``channels`` (all that are set up); how many went out on each. Raises what the database does.

    Safe to run twice, side by side, late, or killed halfway.
    """
    sent = {}
    for channel in set_up() if channels is None else [each for each in set_up() if each in channels]:
        began = time.monotonic()
        if began < _rests_until.get(channel, 0.0):
            continue
        sent[channel] = 0
        while time.monotonic() - began < RUN_SECONDS:
            batch, looked_at = run(partial(claim, channel, at=clock(), real=datetime.now(UTC), most=BATCHES[channel]))
            if batch:
                outcomes, answers = _deliver(channel, batch)
                run(partial(mark, outcomes, at=clock()))
                sent[channel] += sum(outcome.state == "sent" for _, outcome in outcomes)
                if not answers:
                    _rests_until[channel] = time.monotonic() + REST_SECONDS
                    break
            if looked_at < BATCHES[channel]:
                break
    return sent


def wake() -> None:
    """Forget that channels were to rest."""
    _rests_until.clear()


def _deliver(channel: str, batch: Sequence[Delivery]) -> tuple[list[tuple[Delivery, Outcome]], bool]:
    """Write and hand over a batch; what became of each, and whether the other side answers at all."""
    outcomes: list[tuple[Delivery, Outcome]] = []
    written: list[tuple[Delivery, Any]] = []
    for delivery in batch:
        try:
            written.append((delivery, WRITERS[channel](delivery)))
        except Exception as error:
            # One notice that cannot be put into words must not hold up the others.
            log.warning(
                "notice_not_written", notification_id=str(delivery.notice_id), kind=delivery.kind, exc_info=True
            )
            outcomes.append((delivery, Outcome("refused", type(error).__name__[:40])))
    answers = True
    if written:
        try:
            said = DELIVERERS[channel]([message for _, message in written])
        except Away as away:
            answers, said = False, [Outcome("retry", str(away)[:40])] * len(written)
        except Exception as error:
            log.error("channel_failed", component=channel, exc_info=True)
            answers, said = False, [Outcome("retry", type(error).__name__[:40])] * len(written)
        outcomes += zip((delivery for delivery, _ in written), said, strict=True)
    counts: dict[str, int] = {}
    for _, outcome in outcomes:
        counts[outcome.state] = counts.get(outcome.state, 0) + 1
    for state, count in counts.items():
        deliveries_total.labels(channel, state).inc(count)
    failed = len(outcomes) - counts.get("sent", 0)
    if failed:
        reasons = sorted({outcome.reason or "" for _, outcome in outcomes if outcome.state != "sent"})
        log.warning("notices_not_sent", component=channel, count=len(outcomes), failed=failed, reason=reasons)
    else:
        log.info("notices_sent", component=channel, count=len(outcomes))
    return outcomes, answers


def _phone_message(delivery: Delivery) -> PhoneMessage:
    said = words(delivery.kind, delivery.facts, delivery.language)
    data = {"notification_id": str(delivery.notice_id), "kind": delivery.kind, "path": said.path}
    return PhoneMessage(delivery.address or "", said.title, said.text, data, _kept(delivery))


def _browser_message(delivery: Delivery) -> BrowserMessage:
    said = words(delivery.kind, delivery.facts, delivery.language)
    payload = {
        "id": str(delivery.notice_id), "kind": delivery.kind, "title": said.title, "body": said.text,
        "path": said.path, "language": delivery.language,
    }  # fmt: skip
    return BrowserMessage(
        endpoint=delivery.address or "",
        keys=delivery.keys or {},
        payload=orjson.dumps(payload),
        topic=delivery.notice_id.hex,
        seconds=_kept(delivery),
        urgent=KINDS[delivery.kind].any_hour,
    )


def _kept(delivery: Delivery) -> int:
    useful_for = KINDS[delivery.kind].useful_for
    return KEPT_SECONDS if useful_for is None else int(useful_for.total_seconds())


def _text_message(delivery: Delivery) -> tuple[str, str, str, str]:
    sms: Sms = current_app.extensions["sms"]
    template = sms.template(delivery.kind, delivery.language)
    if template is None:
        raise LookupError("no registered text")
    said = words(delivery.kind, delivery.facts, delivery.language)
    return delivery.phone or "", template, f"{said.title}. {said.text}", str(delivery.notice_id)


def _send_letters(letters: Sequence[Any]) -> list[Outcome]:
    mailer: Mailer = current_app.extensions["mailer"]
    return mailer.deliver(letters)


def _send_to_phones(messages: Sequence[PhoneMessage]) -> list[Outcome]:
    service: PhonePush = current_app.extensions["phone_push"]
    return service.deliver(messages)


def _send_to_browsers(messages: Sequence[BrowserMessage]) -> list[Outcome]:
    service: BrowserPush = current_app.extensions["browser_push"]
    return service.deliver(messages)


def _send_texts(texts: Sequence[tuple[str, str, str, str]]) -> list[Outcome]:
    sms: Sms = current_app.extensions["sms"]
    outcomes: list[Outcome] = []
    for number, template, text, reference in texts:
        try:
            outcomes.append(sms.send(number, template, text, reference=reference))
        except Away as away:
            if not outcomes:
                raise
            return outcomes + [Outcome("retry", str(away)[:40])] * (len(texts) - len(outcomes))
    return outcomes


WRITERS: dict[str, Callable[[Delivery], Any]] = {
    "email": letter,
    "push": _phone_message,
    "webpush": _browser_message,
    "sms": _text_message,
}
DELIVERERS: dict[str, Callable[[Sequence[Any]], list[Outcome]]] = {
    "email": _send_letters,
    "push": _send_to_phones,
    "webpush": _send_to_browsers,
    "sms": _send_texts,
}
