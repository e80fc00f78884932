from __future__ import annotations

import json
from pathlib import Path

import pytest

import config as settings

SECRET = "q7Vx2mKp9RtYb4NwLz8HcJf3GdSa6UeT"
NUMBER_KEY = "Hd7Kw3Qz9Rb5Xn2Vm8Tc4Yp6Lf1Gs0Ja"
JWT_SECRET = "Zr5Tq8Wn2Xk7Mv4Bp9Lc6Hj3Gf1Dy0Su"
STRONG = {
    "APP_ENV": "production",
    "SECRET_KEY": SECRET,
    "JWT_SECRET_KEY": JWT_SECRET,
    "ENCRYPTION_KEYS": "bmV2ZXItdXNlLXRoaXMta2V5LWZvci1hbnl0aGluZyE=",
    "KYC_NUMBER_KEY": NUMBER_KEY,
    "DATABASE_URL": "postgresql://chhota_app:mango-lassi@db/chhota",
    "REDIS_URL": "redis://redis:6379/0",
    "PUBLIC_URL": "https://chhota.example",
    "GRIEVANCE_OFFICER_NAME": "Meera Iyer",
    "GRIEVANCE_OFFICER_EMAIL": "meera.iyer@chhota.example",
    "GRIEVANCE_OFFICER_PHONE": "+91 80 4718 2200",
}


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.NAMES:
        monkeypatch.delenv(name, raising=False)


def refusal(values: dict[str, str]) -> list[str]:
    with pytest.raises(settings.SettingsError) as refused:
        settings.load(values)
    return refused.value.problems


def test_strong_settings_start_production() -> None:
    config = settings.load(STRONG)
    assert config["SESSION_COOKIE_NAME"] == "__Host-chhota"
    assert config["SESSION_COOKIE_SECURE"] is True
    assert (config["DEBUG"], config["TESTING"]) == (False, False)
    assert config["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg2://chhota_app:mango-lassi@db/chhota"


@pytest.mark.parametrize(
    ("name", "value", "because"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is not set"),
        ("SECRET_KEY", "short-but-otherwise-random-4Kp9", "SECRET_KEY is shorter than 32 characters"),
        ("SECRET_KEY", "change-me-change-me-change-me-change-me", "SECRET_KEY is guessable"),
        ("SMS_COUNTRIES", "+91", "SMS_COUNTRIES is not a list of calling codes"),
        ("ENCRYPTION_KEYS", "", "ENCRYPTION_KEYS is not set"),
        ("ENCRYPTION_KEYS", "too short", "ENCRYPTION_KEYS is not a list of Fernet keys"),
        ("JWT_SECRET_KEY", "a" * 64, "JWT_SECRET_KEY is guessable"),
        ("JWT_SECRET_KEY", SECRET, "JWT_SECRET_KEY is the same as SECRET_KEY"),
        ("KYC_NUMBER_KEY", "", "KYC_NUMBER_KEY is not set"),
        ("KYC_NUMBER_KEY", "short-but-otherwise-random-4Kp9", "KYC_NUMBER_KEY is shorter than 32 characters"),
        ("KYC_NUMBER_KEY", JWT_SECRET, "KYC_NUMBER_KEY is the same as SECRET_KEY or JWT_SECRET_KEY"),
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("DATABASE_URL", "postgresql://chhota_app@db/chhota", "DATABASE_URL has no password"),
        ("DATABASE_OWNER_URL", "postgresql://o:mango-lassi@db/chhota", "DATABASE_OWNER_URL is set"),
        ("REDIS_URL", "", "REDIS_URL is not set"),
        ("PUBLIC_URL", "http://chhota.example", "PUBLIC_URL is not https"),
        ("S3_ENDPOINT_URL", "http://s3.chhota.example", "S3_ENDPOINT_URL is not https"),
        ("S3_LINK_ENDPOINT_URL", "http://s3.chhota.example", "S3_LINK_ENDPOINT_URL is not https"),
        ("RATELIMIT_ENABLED", "0", "RATELIMIT_ENABLED is 0"),
        ("GRIEVANCE_OFFICER_NAME", "", "GRIEVANCE_OFFICER_NAME is not set"),
        ("GRIEVANCE_OFFICER_EMAIL", settings.NOBODY["GRIEVANCE_OFFICER_EMAIL"], "GRIEVANCE_OFFICER_EMAIL is not set"),
        ("ARGON2_MEMORY_KIB", "8192", "ARGON2_MEMORY_KIB is below 19456"),
        ("ARGON2_TIME_COST", "1", "ARGON2_TIME_COST is below 2"),
        ("LOG_LEVEL", "DEBUG", "LOG_LEVEL is DEBUG"),
        ("ACCESS_TOKEN_MINUTES", "1440", "ACCESS_TOKEN_MINUTES is above 60"),
        ("MAX_CONTENT_LENGTH", "100000000", "MAX_CONTENT_LENGTH is above 1048576"),
        ("METRICS_TOKEN", "short", "METRICS_TOKEN is shorter than 32 characters"),
        ("PAYMENTS_URL", "https://collect.example", "PAYMENTS_KEY is shorter than 32 characters"),
        ("EXPO_PUSH_URL", "http://exp.example/push", "EXPO_PUSH_URL is not https"),
        ("SMS_URL", "http://sms.example/send", "SMS_URL is not https"),
        ("VAPID_PUBLIC_KEY", "half-a-pair", "VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY go together"),
        ("SMTP_URL", "smtps://mail.example", "MAIL_FROM is not set"),
    ],
)
def test_production_names_the_one_setting_that_is_weak(
    name: str, value: str, because: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLASK_RUN_FROM_CLI", raising=False)  # as for gunicorn and celery
    problems = refusal(STRONG | {name: value})
    assert len(problems) == 1
    assert problems[0].startswith(because)


@pytest.mark.parametrize("value", ["1", "true", "yes", "on"])
def test_production_has_no_debugger(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", value)
    assert [problem.partition(":")[0] for problem in refusal(STRONG)] == ["FLASK_DEBUG is set"]
    monkeypatch.setenv("FLASK_DEBUG", "0")
    assert settings.load(STRONG)["DEBUG"] is False


def test_what_is_sent_in_the_clear_does_not_leave_production() -> None:
    letters = {"SMTP_URL": "smtp://mail.example", "MAIL_FROM": "Chhota <hello@chhota.example>"}
    assert refusal(STRONG | letters) == ["SMTP_URL is not encrypted: use smtps:// or smtp+starttls://"]
    payments = {"PAYMENTS_URL": "http://collect.example", "PAYMENTS_KEY": SECRET}
    assert refusal(STRONG | payments)[0].startswith("PAYMENTS_URL is not https")


def test_flasks_own_commands_may_have_the_owner_for_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    url = "postgresql://o:mango-lassi@db/chhota"
    assert settings.load(STRONG | {"DATABASE_OWNER_URL": url})["DATABASE_OWNER_URL"].endswith("@db/chhota")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_JARS", "many"),
        ("SCANNER_URL", "http://clamd:3310"),
        ("SCANNER_URL", "tcp://clamd"),
        ("SCANNER_URL", "unix://"),
        ("UPLOAD_MAX_BYTES", "5 MB"),
        ("SUPPORT_ANSWER_DAYS", "31"),
        ("MAX_JARS", "0"),
        ("MAX_JARS", "-3"),
        ("MAX_JARS", "1_000"),
        ("TRUSTED_PROXIES", "two"),
        ("RATELIMIT_ENABLED", "perhaps"),
        ("CURRENCY", "rupees"),
        ("LOG_FORMAT", "xml"),
        ("RATELIMIT_LOGIN", ""),
        ("RATELIMIT_LOGIN", "often"),
        ("RATELIMIT_SIGNUP", "10"),
        ("DEFAULT_TIME_ZONE", "Asia/Atlantis"),
        ("DATABASE_URL", "mysql://u:p@db/chhota"),
    ],
)
def test_a_value_that_is_none_is_refused_everywhere(name: str, value: str) -> None:
    for environment in ("development", "testing", "production"):
        problems = refusal(STRONG | {"APP_ENV": environment, name: value})
        assert [problem.partition(" ")[0] for problem in problems] == [name]


def test_an_unknown_environment_is_refused() -> None:
    assert refusal(STRONG | {"APP_ENV": "prod"}) == ["APP_ENV is not one of development, testing, production ('prod')"]


def test_every_problem_is_named_at_once() -> None:
    problems = refusal({"APP_ENV": "production"})
    assert {problem.partition(" ")[0] for problem in problems} >= {
        "DATABASE_URL",
        "SECRET_KEY",
        "JWT_SECRET_KEY",
        "REDIS_URL",
        "PUBLIC_URL",
    }


def test_no_message_holds_a_secret() -> None:
    secrets = {
        "SECRET_KEY": "hidden-one",
        "JWT_SECRET_KEY": "hidden-two",
        "DATABASE_URL": "postgresql://u:hidden-three@db/chhota",
        "DATABASE_OWNER_URL": "postgresql://o:hidden-four@db/chhota",
        "REDIS_URL": "redis://:hidden-five@redis/0",
        "S3_SECRET_ACCESS_KEY": "hidden-six",
    }
    weak = {"APP_ENV": "production", **secrets, "RATELIMIT_ENABLED": "0"}
    unreadable = weak | {"DATABASE_URL": "mysql://u:hidden-three@db/chhota"}
    for values in (weak, unreadable):
        with pytest.raises(settings.SettingsError) as refused:
            settings.load(values)
        assert "hidden" not in str(refused.value)


def test_the_environment_wins_over_the_file_and_the_file_over_make_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".local").mkdir()
    run = {
        "url": "http://127.0.0.1:8123",
        "database_url": "postgresql://run/chhota",
        "settings": {"SECRET_KEY": "run", "MAX_JARS": "1", "CURRENCY": "RUN", "SHELL": "/bin/run"},
    }
    (tmp_path / ".local" / "run.json").write_text(json.dumps(run))
    (tmp_path / ".env").write_text("MAX_JARS=2\nCURRENCY=ENV\nPATH=/nowhere\n")
    monkeypatch.setenv("CURRENCY", "OSE")
    assert settings.origins(tmp_path) == {
        "PUBLIC_URL": ("http://127.0.0.1:8123", ".local/run.json"),
        "DATABASE_URL": ("postgresql://run/chhota", ".local/run.json"),
        "SECRET_KEY": ("run", ".local/run.json"),
        "MAX_JARS": ("2", ".env"),
        "CURRENCY": ("OSE", "environment"),
    }
    assert settings.sources(tmp_path)["CURRENCY"] == "OSE"


def test_an_empty_variable_hides_what_make_run_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "run.json").write_text(json.dumps({"database_owner_url": "postgresql://owner/chhota"}))
    monkeypatch.setenv("DATABASE_OWNER_URL", "")
    assert settings.sources(tmp_path) == {"DATABASE_OWNER_URL": ""}


@pytest.mark.parametrize("text", ["{", "[]", '{"settings": 3}'])
def test_a_damaged_run_file_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "run.json").write_text(text)
    with pytest.raises(settings.SettingsError, match=r"run\.json cannot be read .* `make run` writes it anew"):
        settings.sources(tmp_path)


def test_every_rate_limit_is_read_before_the_start() -> None:
    """A limit that cannot be read limits nothing: each of them, of whatever route, is a problem by its name."""
    names = [one.name for one in settings.SETTINGS if one.name.startswith("RATELIMIT_") and one.default != "1"]
    assert len(names) >= 4
    for name in names:
        for text in ("", "often", "-1 per hour", "5 per fortnight"):
            assert [problem.partition(" ")[0] for problem in refusal(STRONG | {name: text})] == [name], text


GOOGLE = {
    "name": "google", "label": "Google", "client_id": "i", "client_secret": "s",
    "discovery_url": "https://accounts.google.com/.well-known/openid-configuration",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"name": "Big Name"}, "wants a name of small letters"),
        ({"label": ""}, "holds something that is empty"),
        ({"client_id": 5}, "holds something that is empty"),
        ({"more": "x"}, "is not a JSON list"),
        ({"discovery_url": "https://accounts.google.com"}, "wants a discovery_url that ends"),
        ({"discovery_url": "http://g.example/.well-known/openid-configuration"}, "wants https"),
        ({"discovery_url": "http://127.0.0.1/.well-known/openid-configuration"}, "not https: who answers there"),
        ({"scopes": "email"}, "wants the scope openid"),
    ],
)
def test_a_provider_that_cannot_be_used_is_named(changed: dict[str, object], because: str) -> None:
    (problem,) = refusal(STRONG | {"OPENID_PROVIDERS": json.dumps([GOOGLE | changed])})
    assert problem.startswith("OPENID_PROVIDERS")
    assert because in problem


def test_providers_are_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"OPENID_PROVIDERS='{json.dumps([GOOGLE])}'\n")
    (one,) = settings.load(STRONG | settings.sources(tmp_path))["OPENID_PROVIDERS"]
    assert (one.name, one.label, one.scopes) == ("google", "Google", "openid email profile")
    (twice,) = refusal(STRONG | {"OPENID_PROVIDERS": json.dumps([GOOGLE, GOOGLE])})
    assert "names a provider twice" in twice
    assert "secret" not in refusal(STRONG | {"OPENID_PROVIDERS": '[{"client_secret": "x"}]'})[0].partition("list of")[0]


def test_the_example_is_the_committed_file() -> None:
    assert (settings.ROOT / ".env.example").read_text(encoding="utf-8") == settings.example()


def test_the_example_holds_every_default() -> None:
    lines = {line.removeprefix("# ") for line in settings.example().splitlines()}
    assert {f"{setting.name}={setting.default}" for setting in settings.SETTINGS} <= lines


def test_every_default_can_be_parsed() -> None:
    assert set(settings.parse({})) == settings.NAMES
