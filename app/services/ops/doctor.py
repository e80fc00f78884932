"""What is reachable, migrated and safe, asked part by part over connections of its own, each within a few seconds.

Nothing here raises: a part that does not answer is a finding like any other. Works with settings of which some are
missing too, so that it can say what else is wrong beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import redis
from redis.exceptions import RedisError

from app.extensions import celery
from app.integrations.object_store import NullObjectStore, object_store
from app.services.ops import support_answers, upload_checks
from app.services.ops.check import Check
from app.services.ops.health import newest_migration
from app.services.ops.ways_out import ways_out

OUTBOX_PATIENCE = timedelta(minutes=1)
SEAL_EVERY = timedelta(hours=2)
OLDEST_POSTGRES = 140_000
SAFE_COMMITS = frozenset({"on", "local", "remote_write", "remote_apply"})
WORKER_PATIENCE = 1.5  # seconds


def examine(
    config: Mapping[str, Any], *, refused: list[str], refused_in_production: list[str], now: datetime
) -> Iterator[Check]:
    """Every check, as it is done. ``refused``: why these settings start nothing; ``now``: the product's time."""
    production = config.get("APP_ENV") == "production"
    yield from _settings(config, refused, [] if production else refused_in_production)
    yield from _database(config, production=production, now=now)
    redis_check = _redis(config)
    yield redis_check
    yield _storage(config, production=production)
    yield upload_checks.scanning(config, production=production)
    yield _payments(config)
    if not refused:
        yield from ways_out(config)
    yield _worker(asked=redis_check.state != "problem" and not refused)


def _settings(config: Mapping[str, Any], refused: list[str], later: list[str]) -> Iterator[Check]:
    for sentence in refused:
        yield Check("settings", "problem", sentence, "Correct it in the environment or .env; see .env.example.")
    if not refused:
        yield Check("settings", "ok", f"valid for {config['APP_ENV']}")
        for sentence in later:
            yield Check("settings", "note", f"production would refuse: {sentence}", "Settle it before going live.")


def _database(config: Mapping[str, Any], *, production: bool, now: datetime) -> Iterator[Check]:
    url = config.get("DATABASE_URL")
    if not url:
        yield Check("database", "problem", "not asked, for there is no usable DATABASE_URL", "Set DATABASE_URL.")
        return
    session = config.get("SQLALCHEMY_ENGINE_OPTIONS", {}).get("connect_args", {"connect_timeout": 3})
    try:
        connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://", 1), **session)
    except (psycopg2.Error, ValueError) as error:
        # The driver's sentence names host and role, never the password.
        said = " ".join(str(error).split()) or type(error).__name__
        yield Check("database", "problem", f"does not answer: {said}", "Start PostgreSQL, or correct DATABASE_URL.")
        return
    with closing(connection):
        connection.autocommit = True

        def ask(sql: str, *parameters: object) -> Any:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchone()

        checks: tuple[Callable[[], Iterator[Check]], ...] = (
            lambda: _server(ask, connection.server_version),
            lambda: _role(ask),
            lambda: _migrations(ask),
            lambda: _clock(ask, production=production),
            lambda: _outbox(ask, now),
            lambda: _ledger(ask, now),
            lambda: _model(ask),
            lambda: _staff(ask),
            lambda: iter([support_answers.standing(ask, now)]),
            lambda: upload_checks.standing(ask, config, now),
        )
        for check in checks:
            try:
                yield from check()
            except psycopg2.errors.UndefinedTable:
                return  # said already: the migrations are not there
            except psycopg2.Error as error:
                yield Check("database", "problem", " ".join(str(error).split()), "Look into PostgreSQL's log.")


def _server(ask: Callable[..., Any], version: int) -> Iterator[Check]:
    ((shown,), (commit,), (fsync,)) = (
        ask(f"SHOW {name}") for name in ("server_version", "synchronous_commit", "fsync")
    )
    if version < OLDEST_POSTGRES:
        yield Check("database", "problem", f"PostgreSQL {shown}", "Chhota needs PostgreSQL 14 or newer.")
    else:
        yield Check("database", "ok", f"PostgreSQL {shown} answers")
    if commit in SAFE_COMMITS and fsync == "on":
        yield Check("durability", "ok", f"synchronous_commit is {commit}: an answered deposit survives a crash")
    else:
        yield Check(
            "durability", "problem", f"synchronous_commit is {commit}, fsync is {fsync}: answered deposits can be lost",
            "Set both to on.",
        )  # fmt: skip


def _role(ask: Callable[..., Any]) -> Iterator[Check]:
    role, superuser, owned = ask(
        "SELECT current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),"
        " (SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user)"
    )
    if superuser:
        yield Check(
            "role", "problem", f"{role} is a superuser: neither privileges nor triggers bind it",
            "Use a role of its own for DATABASE_URL.",
        )  # fmt: skip
    elif owned:
        yield Check(
            "role", "note", f"{role} owns the tables: triggers alone keep the ledger append-only",
            "Migrate with an owner of its own (DATABASE_OWNER_URL) and give web and worker another role.",
        )  # fmt: skip
    else:
        yield Check("role", "ok", f"{role} does not own the tables")


def _migrations(ask: Callable[..., Any]) -> Iterator[Check]:
    newest = newest_migration()
    ((exists,), current) = (ask("SELECT to_regclass('alembic_version') IS NOT NULL"), None)
    if exists:
        row = ask("SELECT version_num FROM alembic_version")
        current = row[0] if row else None
    if current == newest:
        yield Check("migrations", "ok", f"at the newest, {newest}")
    else:
        yield Check(
            "migrations", "problem", f"at {current or 'none'}, the newest is {newest}", "Run `flask db upgrade`."
        )


def _clock(ask: Callable[..., Any], *, production: bool) -> Iterator[Check]:
    row = ask("SELECT offset_seconds FROM product_clock")
    ahead = timedelta(seconds=row[0] if row else 0)
    if not ahead:
        yield Check("clock", "ok", "real time")
    elif production:
        yield Check(
            "clock", "note", f"the database says {ahead} ahead, production goes by real time",
            "Was this database used for trying things out? Production wants one of its own.",
        )  # fmt: skip
    else:
        yield Check("clock", "note", f"{ahead} ahead of real time", "It was moved with `flask clock advance`.")


def _outbox(ask: Callable[..., Any], now: datetime) -> Iterator[Check]:
    waiting, dead, since = ask(
        "SELECT count(*) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NOT NULL),"
        " min(available_at) FILTER (WHERE dead_at IS NULL AND available_at <= %s) FROM outbox",
        now,
    )
    if since is not None and now - since > OUTBOX_PATIENCE:
        late = timedelta(seconds=int((now - since).total_seconds()))
        yield Check(
            "outbox", "problem", f"{waiting} messages wait, the oldest was due {late} ago",
            "Worker and beat must run: beat starts the relay every second.",
        )  # fmt: skip
    else:
        yield Check("outbox", "ok", f"{waiting} messages wait")
    if dead:
        yield Check("outbox", "problem", f"{dead} messages are dead", "See `flask outbox`, then `flask outbox retry`.")
    (letters,) = ask("SELECT count(*) FROM deliveries WHERE status = 'dead'")
    if letters:
        yield Check(
            "deliveries", "note", f"{letters} e-mails, pushes or SMS were given up",
            "See `flask outbox`, then `flask outbox retry --deliveries`.",
        )  # fmt: skip


def _ledger(ask: Callable[..., Any], now: datetime) -> Iterator[Check]:
    sealed = ask("SELECT id, sealed_at, object_key FROM ledger_checkpoints ORDER BY id DESC LIMIT 1")
    # Movements since then; the index on recorded times is not worth its cost, and one row decides.
    (moved,) = ask(
        "SELECT EXISTS (SELECT FROM ledger_accounts a LEFT JOIN ledger_sealed_heads s ON s.account_id = a.id"
        " WHERE a.head_seq > coalesce(s.seq, 0))"
    )
    advice = "Worker and beat seal hourly; `flask ledger seal` does it now."
    if sealed is None:
        yield (
            Check("seals", "note", "the ledger was never sealed", advice) if moved else Check("seals", "ok", "no entry")
        )
    elif moved and now - sealed[1] > SEAL_EVERY:
        yield Check("seals", "problem", f"the last checkpoint is of {_shown(sealed[1])}, money has moved since", advice)
    else:
        yield Check("seals", "ok", f"checkpoint {sealed[0]} of {_shown(sealed[1])}")
    if sealed is not None and sealed[2] is None:
        yield Check("seals", "note", "the last checkpoint is in the database alone", "The object store was away then.")
    verified = ask("SELECT at, details FROM audit_log WHERE action = 'ledger_verified' ORDER BY id DESC LIMIT 1")
    if verified is None:
        yield Check("verification", "note", "the ledger was never verified", "Run `flask ledger verify`.")
    elif verified[1].get("findings"):
        yield Check(
            "verification", "problem", f"{verified[1]['findings']} findings on {_shown(verified[0])}",
            "Run `flask ledger verify` again, and stop paying out until each is explained.",
        )  # fmt: skip
    else:
        yield Check("verification", "ok", f"no finding on {_shown(verified[0])}")


def _model(ask: Callable[..., Any]) -> Iterator[Check]:
    serving = ask("SELECT version, trouble, trouble_since FROM score_models WHERE status = 'serving'")
    if serving is None:
        yield Check("model", "ok", "none is in service: the rule predicts")
        return
    version, trouble, since = serving
    if trouble is not None:
        yield Check(
            "model", "problem", f"the rule predicts: {version} cannot be used since {_shown(since)} ({trouble})",
            "See `flask scoring models`, then `flask scoring rollback` or `flask scoring train`.",
        )  # fmt: skip
        return
    yield Check("model", "ok", f"{version} predicts")
    measured = ask("SELECT verdict, measured_at, model_version FROM score_health ORDER BY measured_at DESC LIMIT 1")
    if measured is not None and measured[0] == "drifting" and measured[2] == version:
        yield Check("model", "note", f"{version} was drifting on {_shown(measured[1])}", "See `flask scoring health`.")


def _staff(ask: Callable[..., Any]) -> Iterator[Check]:
    (admins,) = ask("SELECT count(*) FROM users WHERE role = 'admin' AND status = 'active'")
    (bare,) = ask(
        "SELECT count(*) FROM users WHERE role IN ('support', 'admin') AND status = 'active' AND two_factor_at IS NULL"
    )
    if admins:
        yield Check("staff", "ok", f"{admins} with the role admin")
    else:
        yield Check("staff", "note", "nobody has the role admin", "Run `flask staff add --role admin`.")
    if bare:
        yield Check(
            "two-factor", "note", f"{bare} of the staff have not set up their second step",
            "They are led to it when they sign in; until then they reach nothing of the staff's.",
        )  # fmt: skip


def _redis(config: Mapping[str, Any]) -> Check:
    if not config.get("REDIS_URL"):
        return Check("redis", "problem", "not configured: the worker has no broker", "Set REDIS_URL.")
    try:
        with closing(redis.from_url(config["REDIS_URL"], socket_timeout=2, socket_connect_timeout=2)) as client:
            about: dict[str, Any] = client.info()
    except (RedisError, OSError, ValueError) as error:
        return Check(
            "redis", "problem", f"does not answer ({type(error).__name__})",
            "Start it, or correct REDIS_URL. Money goes on moving without it; caches, limits and the worker do not.",
        )  # fmt: skip
    version = about.get("valkey_version") or about.get("redis_version")
    policy = about.get("maxmemory_policy", "noeviction")
    if about.get("maxmemory") and policy != "noeviction":
        return Check("redis", "note", f"{version} may drop tasks: maxmemory-policy is {policy}", "Set noeviction.")
    return Check("redis", "ok", f"{about.get('server_name', 'redis')} {version} answers")


def _storage(config: Mapping[str, Any], *, production: bool) -> Check:
    if "S3_ENDPOINT_URL" not in config:
        return Check("storage", "problem", "not asked, for its settings cannot be used", "Correct the S3_ settings.")
    try:
        store = object_store(dict(config))
        answers = store.reachable()
    except ValueError as error:  # botocore's word for an endpoint that is no address
        return Check("storage", "problem", str(error), "Correct S3_ENDPOINT_URL.")
    if isinstance(store, NullObjectStore):
        return Check(
            "storage", "problem" if production else "note",
            "not configured: no identity papers can be taken in, checkpoints stay in the database",
            "Set S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY (and S3_ENDPOINT_URL where it is not AWS).",
        )  # fmt: skip
    if not answers:
        return Check(
            "storage", "problem", f"the bucket {config['S3_BUCKET']} does not answer",
            "Start the server, make the bucket, or correct the S3_ settings.",
        )  # fmt: skip
    return Check("storage", "ok", f"the bucket {config['S3_BUCKET']} answers")


def _payments(config: Mapping[str, Any]) -> Check:
    if config.get("PAYMENTS_URL"):
        return Check(
            "payments", "ok", f"auto-deposits are collected through {urlsplit(config['PAYMENTS_URL']).hostname}"
        )
    return Check(
        "payments", "note", "nobody collects: an auto-deposit is booked as one by hand is, without asking anybody",
        "Set PAYMENTS_URL and PAYMENTS_KEY where somebody holds the savers' mandates.",
    )  # fmt: skip


def _worker(*, asked: bool) -> Check:
    if not asked:
        return Check("worker", "problem", "not asked, for there is no broker to ask through", "See above.")
    try:
        answers = celery.control.inspect(timeout=WORKER_PATIENCE).ping()
    except (RedisError, OSError, *celery.connection_for_write().connection_errors) as error:
        return Check("worker", "problem", f"cannot be asked ({type(error).__name__})", "See redis.")
    if not answers:
        return Check(
            "worker", "problem", f"none answered within {WORKER_PATIENCE} s",
            "Start `celery -A wsgi:celery worker` and `celery -A wsgi:celery beat`; `make run` starts both.",
        )  # fmt: skip
    return Check("worker", "ok", f"{len(answers)} answered")


def _shown(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M UTC")
