from __future__ import annotations

from typing import Any

import pytest

import config as settings
from app.integrations.web_push import make_keys
from app.services.ops.check import Check
from app.services.ops.ways_out import ways_out
from tests.outside import mail_server

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")
ADDRESS = {"MAIL_FROM": "Chhota <hello@chhota.example>"}
GATEWAY = {"SMS_URL": "https://sms.example/send", "SMS_KEY": "k", "SMS_SENDER": "CHHOTA", "SMS_ENTITY_ID": "11"}


def looked_at(**values: str) -> dict[str, Check]:
    config: dict[str, Any] = settings.parse(values)
    return {check.part: check for check in ways_out(config)}


def test_nothing_is_needed_and_each_is_named() -> None:
    found = looked_at()
    assert {part: check.state for part, check in found.items()} == dict.fromkeys(
        ("e-mail", "push", "web push", "sms"), "note"
    )
    assert all(check.remedy for check in found.values())


def test_a_mail_server_is_asked_with_our_name_and_password() -> None:
    with mail_server(user="chhota", password="kettle") as mail:
        assert looked_at(SMTP_URL=mail.url, **ADDRESS)["e-mail"].state == "ok"
        wrong = looked_at(SMTP_URL=mail.url.replace("kettle", "drum"), **ADDRESS)["e-mail"]
    away = looked_at(SMTP_URL=mail.url, **ADDRESS)["e-mail"]
    assert (wrong.state, away.state) == ("problem", "problem")
    assert "kettle" not in repr(away)
    assert mail.letters == []


def test_keys_of_two_pairs_are_a_problem() -> None:
    (private, public), (_, other) = make_keys(), make_keys()
    for shown, state in ((public, "ok"), (other, "problem"), ("nonsense", "problem")):
        assert looked_at(VAPID_PRIVATE_KEY=private, VAPID_PUBLIC_KEY=shown)["web push"].state == state
    assert looked_at(VAPID_PRIVATE_KEY="ü", VAPID_PUBLIC_KEY=public)["web push"].state == "problem"


def test_phones_and_sms() -> None:
    found = looked_at(EXPO_PUSH_URL="https://exp.host/--/api/v2/push/send")
    assert (found["push"].state, "exp.host" in found["push"].says) == ("ok", True)
    half = looked_at(**GATEWAY)["sms"]
    assert (half.state, "SMS_TEMPLATES" in half.says) == ("problem", True)
    bare = looked_at(**GATEWAY, SMS_TEMPLATES="kyc_decided=1, kyc_decided.hi=2,instalment_due=3")["sms"]
    assert (bare.state, "no number can be proven" in bare.says) == ("note", True)
    whole = looked_at(**GATEWAY, SMS_TEMPLATES="kyc_decided=1, kyc_decided.hi=2,phone_code=3")["sms"]
    assert (whole.state, whole.says) == ("ok", "registered texts for kyc_decided, phone_code")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "https://mail.example"),
        ("SMTP_URL", "smtp://"),
        ("EXPO_PUSH_URL", "exp.host"),
        ("SMS_TEMPLATES", "kyc_decided"),
        ("SMS_TEMPLATES", "kyc_decided=x"),
    ],
)
def test_settings_that_are_none_are_refused(name: str, value: str) -> None:
    with pytest.raises(settings.SettingsError, match=name):
        settings.parse({name: value})


def test_production_sends_nothing_in_the_clear() -> None:
    values = {"APP_ENV": "production", "SMTP_URL": "smtp://mail.example", "EXPO_PUSH_URL": "http://exp.example"}
    problems = settings.ProductionConfig.problems(settings.parse(values))
    for name in ("SMTP_URL is not encrypted", "EXPO_PUSH_URL is not https", "MAIL_FROM is not set"):
        assert any(sentence.startswith(name) for sentence in problems), name
    near = settings.ProductionConfig.problems(settings.parse({**values, "SMTP_URL": "smtp://localhost:25"}))
    assert not any(sentence.startswith("SMTP_URL") for sentence in near)
