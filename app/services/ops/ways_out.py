"""The doctor's look at the ways by which savers are told things: mail, push, SMS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.integrations.email import mailer
from app.integrations.sms import templates
from app.integrations.web_push import belong_together
from app.services.ops.check import Check


def ways_out(config: Mapping[str, Any]) -> Iterator[Check]:
    """Every check of them. None of them is needed: the inbox has everything."""
    if not config["SMTP_URL"]:
        yield Check("e-mail", "note", "not configured: no letter leaves", "Set SMTP_URL and MAIL_FROM.")
    elif mailer(config).reachable():
        yield Check("e-mail", "ok", "the mail server answers")
    else:
        yield Check(
            "e-mail", "problem", "the mail server does not answer, or does not take our name and password",
            "Start it, or correct SMTP_URL. Letters wait up to eighteen hours.",
        )  # fmt: skip
    if config["EXPO_PUSH_URL"]:
        yield Check("push", "ok", f"to phones through {urlsplit(config['EXPO_PUSH_URL']).hostname}")
    else:
        yield Check("push", "note", "not configured: nothing reaches the phone app", "Set EXPO_PUSH_URL.")
    if not config["VAPID_PRIVATE_KEY"]:
        yield Check("web push", "note", "not configured: nothing reaches browsers", "See `flask notifications vapid`.")
    elif belong_together(config["VAPID_PRIVATE_KEY"], config["VAPID_PUBLIC_KEY"]):
        yield Check("web push", "ok", "the two keys are one pair")
    else:
        yield Check(
            "web push", "problem", "VAPID_PRIVATE_KEY and VAPID_PUBLIC_KEY are not one pair",
            "Put back the pair that browsers know, or make one with `flask notifications vapid`.",
        )  # fmt: skip
    yield _sms(config)


def _sms(config: Mapping[str, Any]) -> Check:
    if not config["SMS_URL"]:
        return Check("sms", "note", "not configured: no SMS leaves, no number can be proven", "Set the SMS_ settings.")
    missing = [name for name in ("SMS_KEY", "SMS_SENDER", "SMS_ENTITY_ID", "SMS_TEMPLATES") if not config[name]]
    if missing:
        return Check("sms", "problem", f"{', '.join(missing)} not set", "Register header and texts (DLT), then set it.")
    kinds = sorted({name.partition(".")[0] for name in templates(config["SMS_TEMPLATES"])})
    if "phone_code" not in kinds:
        return Check(
            "sms", "note", "no registered text for codes: no number can be proven", "Register phone_code, then set it."
        )
    return Check("sms", "ok", f"registered texts for {', '.join(kinds)}")
