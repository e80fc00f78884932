"""Every setting of Chhota: its one name, its default and its meaning, read from the environment once.

Values come from the environment, then from ``.env``, then from ``.local/run.json`` (which ``make run`` writes), then
from the defaults below. ``.env.example`` is generated from this file: ``flask settings example > .env.example``.
"""

from __future__ import annotations

import json
import os
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent
RUN_FILE = ROOT / ".local" / "run.json"
# Keys of run.json that are settings under another name.
RUN_FILE_NAMES = {
    "database_url": "DATABASE_URL",
    "database_owner_url": "DATABASE_OWNER_URL",
    "redis_url": "REDIS_URL",
    "s3_endpoint_url": "S3_ENDPOINT_URL",
    "url": "PUBLIC_URL",
}
# Who answers savers where nobody has been named: development says so, production does not start.
NOBODY = {
    "GRIEVANCE_OFFICER_NAME": "Nobody yet (an installation for development)",
    "GRIEVANCE_OFFICER_EMAIL": "grievances@chhota.invalid",
    "GRIEVANCE_OFFICER_PHONE": "+91 00000 00000",
}
REQUIRED = ("DATABASE_URL", "SECRET_KEY", "JWT_SECRET_KEY", "KYC_NUMBER_KEY")
LONGEST_ACCESS_MINUTES = 60
LARGEST_BODY = 1 << 20
OPENID_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
OPENID_DISCOVERY = "/.well-known/openid-configuration"
WEAK_WORDS = ("change", "secret", "example", "password", "default", "insecure", "development")


class SettingsError(RuntimeError):
    """The settings cannot be used; ``problems`` holds one sentence for each, beginning with the setting's name."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("Chhota does not start with these settings:\n" + "\n".join(f"  - {p}" for p in problems))


def _boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("is neither 1 nor 0")


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError("is not a positive whole number")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("is not a whole number from 0 on")
    return int(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"is not one of {', '.join(words)}")
        return text

    return parse


def _database_url(text: str) -> str:
    """SQLAlchemy 2.1 reads a plain ``postgresql://`` as psycopg 3; this program speaks through psycopg2."""
    if not text:
        return text
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        raise ValueError("is not a PostgreSQL URL (postgresql://user:password@host:port/name)")
    return f"postgresql+psycopg2://{rest}"


def _currency(text: str) -> str:
    if len(text) != 3 or not text.isalpha() or not text.isupper():
        raise ValueError("is not a currency code of three capital letters")
    return text


def _smtp_url(text: str) -> str:
    """The port follows from the scheme where none is given (app/integrations/email.py)."""
    parts = urlsplit(text)
    if text and (parts.scheme not in {"smtp", "smtps", "smtp+starttls"} or not parts.hostname):
        raise ValueError("is not an SMTP URL (smtp+starttls://user:password@host:587)")
    return text


def _answer_days(text: str) -> int:
    """A grievance is to be answered within 30 days at the latest."""
    if not 1 <= (days := _positive(text)) <= 30:
        raise ValueError("is not a number of days from 1 to 30")
    return days


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("is not the address of a web service (https://host/path)")
    return text


def _scanner_url(text: str) -> str:
    parts = urlsplit(text)
    if text and not (
        (parts.scheme == "tcp" and parts.hostname and parts.port) or (parts.scheme == "unix" and parts.path.strip("/"))
    ):
        raise ValueError("is not the address of clamd (tcp://host:3310 or unix:///run/clamav/clamd.ctl)")
    return text


def _rate_limit(text: str) -> str:
    """Flask-Limiter lets everything through where it cannot read a limit."""
    from limits import parse_many  # half as slow to import as all of this file

    try:
        parse_many(text)
    except ValueError:
        raise ValueError("is not a limit such as 30 per minute") from None
    return text


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ValueError("is not a time zone such as Asia/Kolkata") from None
    return text


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def _openid_providers(text: str) -> tuple[OpenIdProvider, ...]:
    """A JSON list, or nothing. https, but for a provider on this machine."""
    try:
        listed = json.loads(text or "[]")
        providers = tuple(OpenIdProvider(**one) for one in listed)
    except (ValueError, TypeError) as error:
        raise ValueError("is not a JSON list of name, label, discovery_url, client_id, client_secret") from error
    for one in providers:
        if not all(isinstance(value, str) and value.strip() for value in vars(one).values()):
            raise ValueError("holds something that is empty or no text")
        if not OPENID_NAME.fullmatch(one.name) or len(one.label) > 40:
            raise ValueError("wants a name of small letters, digits and - (at most 32), and a label of at most 40")
        if not one.discovery_url.endswith(OPENID_DISCOVERY):
            raise ValueError(f"wants a discovery_url that ends with {OPENID_DISCOVERY}")
        if not one.discovery_url.startswith("https://") and not _is_loopback(one.discovery_url):
            raise ValueError("wants https:// for a provider that is not on this machine")
        if "openid" not in one.scopes.split():
            raise ValueError("wants the scope openid in scopes")
    if len({one.name for one in providers}) < len(providers):
        raise ValueError("names a provider twice")
    return providers


def _sms_templates(text: str) -> str:
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, separator, number = pair.partition("=")
        if not (name and separator and number.isascii() and number.isdigit()):
            raise ValueError(
                "is not a list such as instalment_due=1107160000000012345,kyc_decided.hi=1107160000000054321"
            )
    return text


def _calling_codes(text: str) -> tuple[str, ...]:
    codes = tuple(part.strip() for part in text.split(",") if part.strip())
    if not codes or not all(code.isascii() and code.isdigit() and len(code) <= 3 for code in codes):
        raise ValueError("is not a list of calling codes such as 91,971")
    return codes


def _fernet_keys(text: str) -> str:
    """Each is 32 bytes in base64url."""
    for key in filter(None, (part.strip() for part in text.split(","))):
        try:
            if len(urlsafe_b64decode(key.encode("ascii"))) != 32:
                raise ValueError(key)
        except ValueError:
            raise ValueError("is not a list of Fernet keys: `flask settings encryption-key` makes one") from None
    return text


@dataclass(frozen=True)
class OpenIdProvider:
    """One who signs people in for us (OpenID Connect). ``name`` stands in addresses, ``label`` on buttons."""

    name: str
    label: str
    discovery_url: str
    client_id: str
    client_secret: str
    scopes: str = "openid email profile"


@dataclass(frozen=True)
class Setting:
    """One setting. ``default`` is text, as the environment would give it; ``parse`` raises ValueError."""

    name: str
    default: str
    meaning: str
    parse: Callable[[str], Any] = str
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "APP_ENV",
        "development",
        "development, testing or production; production refuses weak settings",
        _one_of("development", "testing", "production"),
    ),
    Setting(
        "SECRET_KEY", "", "signs session cookies, form tokens and list cursors; at least 32 characters", secret=True
    ),
    Setting(
        "JWT_SECRET_KEY", "", "signs access and refresh tokens; at least 32 characters, not SECRET_KEY", secret=True
    ),
    Setting(
        "ENCRYPTION_KEYS",
        "",
        "encrypts secrets at rest (two-factor): Fernet keys with commas between them, the first for what is new, all"
        " for what is read; `flask settings encryption-key` makes one; empty: made of SECRET_KEY, not in production",
        _fernet_keys,
        True,
    ),
    Setting(
        "DATABASE_URL", "", "PostgreSQL for web and worker, a role that does not own the tables", _database_url, True
    ),
    Setting(
        "DATABASE_OWNER_URL",
        "",
        "PostgreSQL as the owner of the tables, for migrations and imports only; web and worker go without",
        _database_url,
        True,
    ),
    Setting(
        "KYC_NUMBER_KEY",
        "",
        "finds a number of an identity paper again without keeping it; at least 32 characters, never changed, no other"
        " key",
        secret=True,
    ),
    Setting("DATABASE_POOL_SIZE", "2", "connections each web or worker process keeps", _positive),
    Setting("REDIS_URL", "", "Redis for caches, rate limits and the Celery broker", secret=True),
    Setting("S3_ENDPOINT_URL", "", "S3 server; empty means AWS"),
    Setting(
        "S3_LINK_ENDPOINT_URL",
        "",
        "address of the S3 server in links that browsers and phones open; empty means S3_ENDPOINT_URL",
    ),
    Setting("S3_BUCKET", "chhota", "bucket for identity papers, photos and ledger checkpoints"),
    Setting("S3_REGION", "us-east-1", "region of the bucket"),
    Setting("S3_ACCESS_KEY_ID", "", "access key of the bucket", secret=True),
    Setting("S3_SECRET_ACCESS_KEY", "", "secret key of the bucket", secret=True),
    Setting("UPLOAD_MAX_BYTES", "5242880", "largest file that a saver sends, in bytes", _positive),
    Setting("UPLOAD_MAX_PIXELS", "25000000", "largest picture that a saver sends, in pixels", _positive),
    Setting("UPLOADS_A_DAY", "20", "files one saver may send in a day, papers and pictures together", _positive),
    Setting("KYC_MAX_PAPERS", "20", "identity papers of one saver that are kept at a time", _positive),
    Setting("KYC_REVIEW_DAYS", "3", "days within which identity papers are looked at, as savers are told", _positive),
    Setting("KYC_REFUSED_DAYS", "90", "days after which a paper that was not accepted is removed", _positive),
    Setting(
        "SCANNER_URL",
        "",
        "clamd, which looks at every file before it is kept: tcp://host:3310 or unix:///path; empty means that none"
        " does",
        _scanner_url,
    ),
    Setting(
        "MODEL_FOLDER",
        ".local/models",
        "where trained models are kept if there is no bucket; web and worker must both see it",
    ),
    Setting("PAYMENTS_URL", "", "who collects auto-deposits; empty means that nobody is asked, as in deposits by hand"),
    Setting("PAYMENTS_KEY", "", "the key shared with whoever collects; at least 32 characters", secret=True),
    Setting("PUBLIC_URL", "http://127.0.0.1:8000", "the address savers see; links and cookies follow it"),
    Setting("TRUSTED_PROXIES", "0", "how many reverse proxies stand in front and set X-Forwarded-*", _count),
    Setting("CURRENCY", "INR", "the one currency of this installation", _currency),
    Setting("MAX_AMOUNT_MINOR", "100000000", "largest single movement, in minor units (paise)", _positive),
    Setting(
        "DAILY_DEPOSIT_CAP_MINOR", "200000000", "most one saver may deposit in a local day, in minor units", _positive
    ),
    Setting("UNVERIFIED_HELD_CAP_MINOR", "5000000", "most an unverified saver may hold, in minor units", _positive),
    Setting(
        "UNVERIFIED_WITHDRAWAL_CAP_MINOR",
        "1000000",
        "most an unverified saver may withdraw in a calendar month, in minor units",
        _positive,
    ),
    Setting(
        "REVERSAL_ALONE_LIMIT_MINOR",
        "500000",
        "largest movement that one member of staff takes back alone, in minor units; above it a second one decides",
        _count,
    ),
    Setting("MAX_JARS", "50", "open jars one saver may have", _positive),
    Setting("DEFAULT_TIME_ZONE", "Asia/Kolkata", "IANA zone of a saver who has not chosen one", _time_zone),
    Setting("ACCESS_TOKEN_MINUTES", "15", "life of an access token", _positive),
    Setting("REFRESH_TOKEN_DAYS", "14", "life of a refresh token since its last use", _positive),
    Setting("SESSION_DAYS", "14", "life of a browser session since its last use", _positive),
    Setting("ARGON2_MEMORY_KIB", "19456", "memory of one password hash; at least 19456 in production", _positive),
    Setting("ARGON2_TIME_COST", "2", "passes of one password hash; at least 2 in production", _positive),
    Setting("RATELIMIT_ENABLED", "1", "0 lifts the rate limits, for measuring only", _boolean),
    Setting("RATELIMIT_SIGNUP", "10 per hour", "sign-ups from one address", _rate_limit),
    Setting("RATELIMIT_LOGIN", "30 per minute", "sign-in attempts from one address", _rate_limit),
    Setting(
        "RATELIMIT_FORGOT", "10 per hour", "letters for a forgotten password, asked for from one address", _rate_limit
    ),
    Setting(
        "RATELIMIT_CODES",
        "20 per hour",
        "codes and links to addresses and numbers, asked for from one address",
        _rate_limit,
    ),
    Setting("RATELIMIT_STATEMENT", "20 per minute", "statements as PDF for one saver", _rate_limit),
    Setting("RATELIMIT_UPLOAD", "30 per hour", "files from one saver, those that are refused too", _rate_limit),
    Setting("RATELIMIT_EXPORT", "5 per hour", "exports of everything that is held about one saver", _rate_limit),
    Setting(
        "RATELIMIT_ERASURE", "5 per hour", "tries of one saver to close the account, each with a password", _rate_limit
    ),
    Setting("RATELIMIT_SUPPORT", "5 per hour", "requests to staff from one saver", _rate_limit),
    Setting("SUPPORT_ANSWER_DAYS", "7", "days within which a saver's request is answered; 30 at most", _answer_days),
    Setting("GRIEVANCE_OFFICER_NAME", NOBODY["GRIEVANCE_OFFICER_NAME"], "who answers savers' complaints, by name"),
    Setting("GRIEVANCE_OFFICER_EMAIL", NOBODY["GRIEVANCE_OFFICER_EMAIL"], "the officer's address; requests reach it"),
    Setting("GRIEVANCE_OFFICER_PHONE", NOBODY["GRIEVANCE_OFFICER_PHONE"], "the officer's number, as savers dial it"),
    Setting(
        "SMTP_URL",
        "",
        "mail server: smtp://, smtps:// or smtp+starttls://user:password@host:port; empty means no e-mail leaves",
        _smtp_url,
        True,
    ),
    Setting("MAIL_FROM", "", "sender of letters, such as Chhota <hello@example.org>"),
    Setting("MAIL_REPLY_TO", "", "where answers to letters go; also named where savers are told to write to us"),
    Setting(
        "EXPO_PUSH_URL",
        "",
        "push to the phone app: https://exp.host/--/api/v2/push/send; empty means none leaves",
        _http_url,
    ),
    Setting("EXPO_ACCESS_TOKEN", "", "token of the Expo project, where it asks for one", secret=True),
    Setting(
        "VAPID_PRIVATE_KEY",
        "",
        "signs push to browsers; `flask notifications vapid` makes the pair; empty means none leaves",
        secret=True,
    ),
    Setting("VAPID_PUBLIC_KEY", "", "the other half, which browsers are shown"),
    Setting("SMS_URL", "", "gateway that takes SMS as JSON; empty means none leaves", _http_url),
    Setting("SMS_KEY", "", "bearer token of the gateway", secret=True),
    Setting("SMS_SENDER", "", "header under which SMS are registered (DLT), six letters"),
    Setting("SMS_ENTITY_ID", "", "principal entity id of the DLT registration"),
    Setting(
        "SMS_TEMPLATES",
        "",
        "registered template of each kind, and language where it differs: instalment_due=1107…,instalment_due.hi=1107…;"
        " a kind without one is not sent",
        _sms_templates,
    ),
    Setting("SMS_COUNTRIES", "91", "calling codes of the countries whose numbers get codes: 91,971", _calling_codes),
    Setting(
        "OPENID_PROVIDERS",
        "",
        'who else may sign savers in (OpenID Connect), as JSON: [{"name": "google", "label": "Google",'
        ' "discovery_url": "https://accounts.google.com/.well-known/openid-configuration", "client_id": "...",'
        ' "client_secret": "..."}]; scopes, if others than openid email profile; empty: nobody; docs/sign-in.md',
        _openid_providers,
        True,
    ),
    Setting("MAX_CONTENT_LENGTH", "65536", "largest body of a request that uploads no file, in bytes", _positive),
    Setting("LOG_LEVEL", "INFO", "least severity that is logged", _one_of("DEBUG", "INFO", "WARNING", "ERROR")),
    Setting("LOG_FORMAT", "console", "json or console", _one_of("json", "console")),
    Setting("METRICS_TOKEN", "", "bearer token for /metrics; empty means loopback peers only", secret=True),
    Setting("SENTRY_DSN", "", "error reports of web and workers; empty means none", secret=True),
    Setting("PROMETHEUS_MULTIPROC_DIR", "", "folder shared by the web processes for /metrics"),
)
NAMES = frozenset(setting.name for setting in SETTINGS)


def origins(root: Path = ROOT) -> dict[str, tuple[str, str]]:
    """Every known setting that is given, with its text and where it comes from; the first of the three to name it wins.

    Raises SettingsError where a file cannot be read as what it is.
    """
    found: dict[str, tuple[str, str]] = {}
    run_file = root / ".local" / "run.json"
    if run_file.is_file():
        try:
            run = json.loads(run_file.read_text(encoding="utf-8"))
            values = {name: str(value) for name, value in run.get("settings", {}).items() if name in NAMES}
            values |= {RUN_FILE_NAMES[key]: str(value) for key, value in run.items() if key in RUN_FILE_NAMES}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise SettingsError([f".local/run.json cannot be read ({error}); `make run` writes it anew"]) from error
        found.update({name: (value, ".local/run.json") for name, value in values.items()})
    try:
        dotenv = dotenv_values(root / ".env")
    except (OSError, ValueError) as error:
        raise SettingsError([f".env cannot be read ({error})"]) from error
    found.update({k: (v, ".env") for k, v in dotenv.items() if k in NAMES and v is not None})
    found.update({name: (os.environ[name], "environment") for name in NAMES if name in os.environ})
    return found


def sources(root: Path = ROOT) -> dict[str, str]:
    """Every known setting that the environment, ``.env`` or ``.local/run.json`` gives; the first to name it wins.

    Raises SettingsError where a file cannot be read as what it is.
    """
    return {name: text for name, (text, _) in origins(root).items()}


def parse(values: Mapping[str, str]) -> dict[str, Any]:
    """Text to values, with defaults. Raises SettingsError with every problem at once, values of secrets left out."""
    parsed: dict[str, Any] = {}
    problems = []
    for setting in SETTINGS:
        text = values.get(setting.name, setting.default)
        try:
            parsed[setting.name] = setting.parse(text)
        except ValueError as error:
            shown = "" if setting.secret else f" ({text!r})"
            problems.append(f"{setting.name} {error}{shown}")
    if problems:
        raise SettingsError(problems)
    return parsed


class BaseConfig:
    """What every environment shares: parsed settings, and how the libraries are told about them."""

    TESTING = False
    DEBUG = False

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> dict[str, Any]:
        """Flask configuration out of setting texts. Raises SettingsError."""
        config = parse(values)
        problems = cls.problems(config)
        if problems:
            raise SettingsError(problems)
        secure = config["APP_ENV"] == "production" or config["PUBLIC_URL"].startswith("https://")
        config |= {
            "DEBUG": cls.DEBUG,
            "TESTING": cls.TESTING,
            "SQLALCHEMY_DATABASE_URI": config["DATABASE_URL"],
            "SQLALCHEMY_ENGINE_OPTIONS": {
                "pool_size": config["DATABASE_POOL_SIZE"],
                "max_overflow": 2,
                "pool_timeout": 5,
                "pool_recycle": 1800,
                "pool_reset_on_return": None,  # app.connections rolls back itself
                "connect_args": {
                    "connect_timeout": 3,
                    "application_name": "chhota",
                    "options": "-c timezone=UTC -c lock_timeout=3000 -c statement_timeout=5000"
                    # Statements are planned once for each connection: a plan made while a table was small must not
                    # read it whole when it has grown. What wants to read all of a table says so.
                    " -c enable_seqscan=off"
                    " -c synchronous_commit=on -c idle_in_transaction_session_timeout=60000",
                },
            },
            "JWT_ALGORITHM": "HS256",
            "JWT_DECODE_ALGORITHMS": ["HS256"],
            "JWT_TOKEN_LOCATION": ["headers"],
            "JWT_ENCODE_ISSUER": "chhota",
            "JWT_DECODE_ISSUER": "chhota",
            "JWT_ENCODE_AUDIENCE": "chhota-api",
            "JWT_DECODE_AUDIENCE": "chhota-api",
            "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=config["ACCESS_TOKEN_MINUTES"]),
            "JWT_REFRESH_TOKEN_EXPIRES": timedelta(days=config["REFRESH_TOKEN_DAYS"]),
            "SESSION_COOKIE_NAME": "__Host-chhota" if secure else "chhota",
            "SESSION_COOKIE_SECURE": secure,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "PERMANENT_SESSION_LIFETIME": timedelta(days=config["SESSION_DAYS"]),
            "WTF_CSRF_TIME_LIMIT": None,
            "API_TITLE": "Chhota",
            "API_VERSION": "1",
            "OPENAPI_VERSION": "3.1.0",
            "OPENAPI_URL_PREFIX": "/api",
            "OPENAPI_JSON_PATH": "openapi.json",
            "CACHE_DEFAULT_TIMEOUT": 300,
            "JWT_COOKIE_CSRF_PROTECT": False,
        }
        return config

    @classmethod
    def problems(cls, config: Mapping[str, Any]) -> list[str]:
        """What stops this environment from starting, one sentence each."""
        missing = [name for name in REQUIRED if not config[name]]
        found = [f"{name} is not set: `make run` makes one, or see .env.example" for name in missing]
        if config["SMTP_URL"] and not config["MAIL_FROM"]:
            found.append("MAIL_FROM is not set: letters need a sender")
        if bool(config["VAPID_PRIVATE_KEY"]) != bool(config["VAPID_PUBLIC_KEY"]):
            found.append("VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY go together: `flask notifications vapid` makes both")
        if config["PAYMENTS_URL"] and len(config["PAYMENTS_KEY"]) < 32:
            found.append("PAYMENTS_KEY is shorter than 32 characters")
        return found


class DevelopmentConfig(BaseConfig):
    """`make run` on a developer's machine."""


class TestingConfig(BaseConfig):
    """The test suite."""

    __test__ = False  # pytest collects classes by this name's beginning
    TESTING = True


class ProductionConfig(BaseConfig):
    """Refuses to start on a missing or weak setting, and names each."""

    @classmethod
    def problems(cls, config: Mapping[str, Any]) -> list[str]:
        """What is missing, and what is too weak to hold money."""
        found = super().problems(config)
        for name in ("SECRET_KEY", "JWT_SECRET_KEY", "KYC_NUMBER_KEY"):
            value = config[name]
            if value and len(value) < 32:
                found.append(f"{name} is shorter than 32 characters")
            elif value and (len(set(value)) < 10 or any(word in value.lower() for word in WEAK_WORDS)):
                found.append(f"{name} is guessable: use `python -c 'import secrets; print(secrets.token_urlsafe(48))'`")
        if not config["ENCRYPTION_KEYS"]:
            found.append("ENCRYPTION_KEYS is not set: `flask settings encryption-key` makes one")
        if config["SECRET_KEY"] and config["SECRET_KEY"] == config["JWT_SECRET_KEY"]:
            found.append("JWT_SECRET_KEY is the same as SECRET_KEY")
        if config["KYC_NUMBER_KEY"] and config["KYC_NUMBER_KEY"] in {config["SECRET_KEY"], config["JWT_SECRET_KEY"]}:
            found.append("KYC_NUMBER_KEY is the same as SECRET_KEY or JWT_SECRET_KEY")
        if config["DATABASE_URL"] and not urlsplit(config["DATABASE_URL"]).password:
            found.append("DATABASE_URL has no password")
        # Flask sets this for its own commands, and only `flask db` and `flask import` have a use for the owner.
        if config["DATABASE_OWNER_URL"] and os.environ.get("FLASK_RUN_FROM_CLI") != "true":
            found.append("DATABASE_OWNER_URL is set: web and worker must not be able to change the tables")
        if not config["REDIS_URL"]:
            found.append("REDIS_URL is not set: the worker has no broker without it")
        if config["S3_ENDPOINT_URL"].startswith("http://"):
            found.append("S3_ENDPOINT_URL is not https: identity papers would travel in the clear")
        if config["S3_LINK_ENDPOINT_URL"].startswith("http://"):
            found.append("S3_LINK_ENDPOINT_URL is not https: identity papers would travel in the clear")
        if config["PAYMENTS_URL"].startswith("http://"):
            found.append("PAYMENTS_URL is not https: who answers there could claim any payment")
        if not config["PUBLIC_URL"].startswith("https://"):
            found.append("PUBLIC_URL is not https: session cookies would travel in the clear")
        for name in ("EXPO_PUSH_URL", "SMS_URL"):
            if config[name].startswith("http://"):
                found.append(f"{name} is not https: what savers are told would travel in the clear")
        if any(not one.discovery_url.startswith("https://") for one in config["OPENID_PROVIDERS"]):
            found.append("OPENID_PROVIDERS has an address that is not https: who answers there could be anybody")
        smtp = urlsplit(config["SMTP_URL"])
        if smtp.scheme == "smtp" and smtp.hostname not in {"localhost", "127.0.0.1", "::1"}:
            found.append("SMTP_URL is not encrypted: use smtps:// or smtp+starttls://")
        for name, nobody in NOBODY.items():
            if config[name] in {"", nobody}:
                found.append(f"{name} is not set: savers must be told who answers their complaints")
        if not config["RATELIMIT_ENABLED"]:
            found.append("RATELIMIT_ENABLED is 0: rate limits are lifted for measuring only")
        if config["ARGON2_MEMORY_KIB"] < 19456:
            found.append("ARGON2_MEMORY_KIB is below 19456")
        if config["ARGON2_TIME_COST"] < 2:
            found.append("ARGON2_TIME_COST is below 2")
        if config["ACCESS_TOKEN_MINUTES"] > LONGEST_ACCESS_MINUTES:
            found.append(f"ACCESS_TOKEN_MINUTES is above {LONGEST_ACCESS_MINUTES}: a stolen token would live as long")
        if config["MAX_CONTENT_LENGTH"] > LARGEST_BODY:
            found.append(f"MAX_CONTENT_LENGTH is above {LARGEST_BODY}: files have a limit of their own")
        if config["METRICS_TOKEN"] and len(config["METRICS_TOKEN"]) < 32:
            found.append("METRICS_TOKEN is shorter than 32 characters")
        if os.environ.get("FLASK_DEBUG", "0").lower() not in {"", "0", "false", "no"}:
            found.append("FLASK_DEBUG is set: the debugger runs whatever anybody types")
        if config["LOG_LEVEL"] == "DEBUG":
            found.append("LOG_LEVEL is DEBUG: debug lines may hold personal data")
        return found


ENVIRONMENTS: dict[str, type[BaseConfig]] = {
    "development": DevelopmentConfig,
    "testing": TestingConfig,
    "production": ProductionConfig,
}


def load(values: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The configuration of this process. Raises SettingsError with one sentence for each problem."""
    values = sources() if values is None else values
    environment = values.get("APP_ENV", "development")
    if environment not in ENVIRONMENTS:
        raise SettingsError([f"APP_ENV is not one of {', '.join(ENVIRONMENTS)} ({environment!r})"])
    return ENVIRONMENTS[environment].from_values(values)


def example() -> str:
    """The text of ``.env.example``."""
    lines = ["# Settings of Chhota, generated from config.py: `flask settings example > .env.example`.", ""]
    for setting in SETTINGS:
        lines += [f"# {setting.meaning}", f"# {setting.name}={setting.default}", ""]
    return "\n".join(lines)
