from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import ClientError

from devstack import temporary
from devstack.errors import StackError
from devstack.processes import PidFile, command_line, is_ours
from devstack.stack import Stack
from devstack.temporary import remove, sweep

REPOSITORY = Path(__file__).resolve().parents[2]


def s3_client(settings: dict[str, str], **changed: str) -> Any:
    settings = {**settings, **changed}
    return boto3.client(
        "s3",
        endpoint_url=settings["S3_ENDPOINT_URL"],
        aws_access_key_id=settings["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["S3_SECRET_ACCESS_KEY"],
        region_name=settings["S3_REGION"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_the_app_role_may_connect_and_nothing_else_by_itself(stack: Stack) -> None:
    app, owner = stack.settings["DATABASE_URL"], stack.settings["DATABASE_OWNER_URL"]
    role = "SELECT current_user, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert query(app, role) == [("chhota_app", False, False, False)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(app, "CREATE TABLE mine (id int)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(app, "CREATE TEMP TABLE mine (id int)")
    query(owner, "CREATE TABLE theirs (id int)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(app, "SELECT * FROM theirs")
    query(owner, "GRANT SELECT ON theirs TO chhota_app")
    assert query(app, "SELECT * FROM theirs") == []


def test_the_owner_owns_the_database_and_may_add_trusted_extensions(stack: Stack) -> None:
    owner = stack.settings["DATABASE_OWNER_URL"]
    assert query(owner, "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user") == [
        ("chhota_owner", False)
    ]
    query(owner, "CREATE EXTENSION pg_trgm; CREATE EXTENSION citext")
    assert query(owner, "SELECT lower('ÄRGER'), 'É'::citext = 'é'::citext") == [("ärger", True)]


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SUPERUSER_URL"])
def test_postgres_refuses_another_password(stack: Stack, name: str) -> None:
    before, _, after = stack.settings[name].partition("@")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(f"{before}x@{after}")


def test_redis_needs_its_password(stack: Stack) -> None:
    url = stack.settings["REDIS_URL"]
    assert redis.Redis.from_url(url).ping()
    place = url.rpartition("@")[2]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(f"redis://{place}").ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(f"redis://:wrong@{place}").ping()


def test_s3_refuses_another_secret_and_encrypts_on_disk(stack: Stack) -> None:
    client = s3_client(stack.settings)
    stored = client.put_object(
        Bucket="chhota", Key="paper", Body=b"identity paper " * 400, ServerSideEncryption="AES256"
    )
    assert stored["ServerSideEncryption"] == "AES256"
    assert client.get_object(Bucket="chhota", Key="paper")["Body"].read() == b"identity paper " * 400
    on_disk = b"".join(path.read_bytes() for path in (stack.directory / "s3").rglob("*") if path.is_file())
    assert b"paper" in on_disk  # the name: it was looked for where it lies
    assert b"identity paper" not in on_disk
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        s3_client(stack.settings, S3_SECRET_ACCESS_KEY="0" * 48).get_object(Bucket="chhota", Key="paper")
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        s3_client(stack.settings, S3_ACCESS_KEY_ID="0" * 48).get_object(Bucket="chhota", Key="paper")


def test_no_secret_stands_in_a_command_line(stack: Stack) -> None:
    secrets = [value for name, value in stack.settings.items() if "KEY" in name]
    secrets += [stack.settings[name].split(":")[2].split("@")[0] for name in ("DATABASE_URL", "REDIS_URL")]
    for child in stack.children.values():
        line = command_line(child.pid)
        assert line
        assert not [secret for secret in secrets if secret in line]


def test_the_directory_is_taken_while_it_runs(stack: Stack) -> None:
    with pytest.raises(StackError, match="run already, from another terminal"):
        Stack(stack.directory, environ={}).start()
    assert query(stack.settings["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_a_restart_keeps_data_ports_and_secrets_and_a_stop_leaves_no_process(used: Path) -> None:
    first = Stack(used, durable=False, environ={})
    with first:
        settings = dict(first.settings)
        pids = [child.pid for child in first.children.values()]
        query(settings["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
        redis.Redis.from_url(settings["REDIS_URL"]).set("kept", "42")
        s3_client(settings).put_object(Bucket="chhota", Key="kept", Body=b"42", ServerSideEncryption="AES256")
    for pid in pids:
        assert command_line(pid) is None
    (used / "ports.json").unlink()  # other ports, the same data
    with Stack(used, durable=False, environ={}) as again:
        assert again.settings["SECRET_KEY"] == settings["SECRET_KEY"]
        assert query(again.settings["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == [(42,)]
        assert redis.Redis.from_url(again.settings["REDIS_URL"]).get("kept") == b"42"
        assert s3_client(again.settings).get_object(Bucket="chhota", Key="kept")["Body"].read() == b"42"
        ports = dict(again.settings)
    with Stack(used, ("redis",), environ={}) as third:
        assert third.settings["REDIS_URL"] == ports["REDIS_URL"]


def owner_of_a_stack(directory: Path, thread: bool) -> subprocess.Popen[str]:
    """Another process that starts PostgreSQL and Redis; from a thread the kernel does not stop them with it."""
    program = (
        "import sys, threading, time\n"
        "from pathlib import Path\n"
        "from devstack.stack import Stack\n"
        "def work():\n"
        "    Stack(Path(sys.argv[1]), ('postgres', 'redis'), durable=False, environ={}).start()\n"
        "    print('up', flush=True)\n"
        "    time.sleep(600)\n"
    )
    program += "threading.Thread(target=work).start()" if thread else "work()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(directory)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize("thread", [False, True], ids=["the kernel stops them", "the next start stops them"])
def test_servers_of_a_killed_owner_do_not_stand_in_the_way(
    used: Path, thread: bool, until: Callable[..., None]
) -> None:
    owner = owner_of_a_stack(used, thread)
    orphans = [PidFile(used / "pids" / f"{name}.json").living() for name in ("postgres", "redis")]
    try:
        assert all(orphans)
        owner.kill()
        owner.wait()
        if not thread and sys.platform == "linux":
            until(lambda: not any(command_line(pid) for pid in orphans if pid))
        else:
            assert all(command_line(pid) for pid in orphans if pid)
        with Stack(used, ("postgres", "redis"), durable=False, environ={}) as stack:
            assert not any(command_line(pid) for pid in orphans if pid)
            assert query(stack.settings["DATABASE_URL"], "SELECT 1") == [(1,)]
            assert redis.Redis.from_url(stack.settings["REDIS_URL"]).ping()
    finally:
        owner.kill()
        if owner.stdout is not None:
            owner.stdout.close()


def test_a_lock_whose_pid_belongs_to_somebody_else_is_dropped(used: Path) -> None:
    with Stack(used, ("postgres",), durable=False, environ={}) as stack:
        data = Path(stack.servers[0].data)  # type: ignore[attr-defined]
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1700000000\n5432\n\n127.0.0.1\n1 1\nready\n")
    with Stack(used, ("postgres",), durable=False, environ={}) as stack:
        assert query(stack.settings["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_lost_secrets_are_said_plainly(used: Path) -> None:
    file = used / "secrets.json"
    kept = file.read_bytes()
    file.unlink()
    try:
        with pytest.raises(StackError, match=r"put back the secrets\.json"):
            Stack(used, ("postgres",), durable=False, environ={}).start()
    finally:
        file.write_bytes(kept)


def test_a_killed_server_comes_back_with_its_data(used: Path) -> None:
    with Stack(used, ("postgres",), durable=False, environ={}) as stack:
        owner = stack.settings["DATABASE_OWNER_URL"]
        query(owner, "CREATE TABLE survivor AS SELECT 42 AS answer")
        os.kill(stack.children["postgres"].pid, signal.SIGKILL)
        stack.restart("postgres")
        assert query(owner, "SELECT answer FROM survivor") == [(42,)]


def test_a_server_of_the_callers_own_replaces_the_embedded_one(directory: Path) -> None:
    given = {
        "DATABASE_URL": "postgresql://me@db.example/chhota",
        "REDIS_URL": "redis://cache.example/0",
        "S3_ENDPOINT_URL": "https://s3.example",
        "S3_BUCKET": "papers",
        "SECRET_KEY": "of my own",
    }
    with Stack(directory, environ=given) as stack:
        assert stack.servers == []
        assert {name: stack.settings[name] for name in given} == given
        assert stack.settings["DATABASE_OWNER_URL"] == given["DATABASE_URL"]
        assert "DATABASE_SUPERUSER_URL" not in stack.settings
    owner = "postgresql://owner@db.example/chhota"
    with Stack(directory, environ={**given, "DATABASE_OWNER_URL": owner}) as stack:
        assert stack.settings["DATABASE_OWNER_URL"] == owner


def test_sweep_removes_what_a_killed_test_run_has_left(
    directory: Path, monkeypatch: pytest.MonkeyPatch, until: Callable[..., None]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    monkeypatch.setattr(temporary, "MEMORY", directory / "memory")
    left, used = directory / "chhota-stack-left", directory / "memory" / "chhota-stack-used"
    lost = directory / "memory" / "chhota-stack-lost"
    for path in (left, used, lost):
        path.mkdir(parents=True)
    PidFile(used / "owner.json").write(os.getpid())
    gone = subprocess.Popen(["sleep", "600"])
    for path in (left, lost):
        PidFile(path / "owner.json").write(gone.pid)
    (left / "pids").mkdir()
    orphan = subprocess.Popen(["sleep", "601"])
    PidFile(left / "pids" / "server.json").write(orphan.pid)
    gone.kill()
    gone.wait()
    sweep()
    assert (left.exists(), lost.exists()) == (False, False)
    assert used.exists()
    assert orphan.wait(5) == -signal.SIGTERM
    remove(used)


def test_a_stack_that_may_forget_stands_in_memory_where_there_is_room(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is started: where it would stand is all that is asked."""
    memory, disk = directory / "memory", directory / "disk"
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    monkeypatch.setattr(temporary, "MEMORY", memory)
    for path in (memory, disk):
        path.mkdir()

    def place(**more: bool) -> Path:
        with temporary.temporary_stack((), **more) as stack:
            return stack.directory.parent

    monkeypatch.setattr(temporary, "ROOM", 1)
    assert (place(), place(durable=True)) == (memory, disk)
    monkeypatch.setattr(temporary, "ROOM", 2**60)
    assert place() == disk
    monkeypatch.setattr(temporary, "ROOM", 1)
    monkeypatch.setattr(temporary, "MEMORY_FACTS", directory / "no-such-file")
    assert place() == disk
    assert list(memory.iterdir()) == list(disk.iterdir()) == []


def test_a_process_is_ours_by_pid_start_and_command_line(directory: Path, until: Callable[..., None]) -> None:
    process = subprocess.Popen(["sleep", "602"])
    try:
        noted = PidFile(directory / "noted.json", ("sleep", "602"))
        noted.write(process.pid)
        # For a moment after it was started, a process has no command line yet.
        until(lambda: noted.living() == process.pid)
        assert not is_ours(process.pid, ("postgres", "-D"))
        assert PidFile(noted.file, ("postgres",)).living() is None
        noted.file.write_text(f'{{"pid": {process.pid}, "started": "1"}}')
        assert noted.living() is None
    finally:
        process.kill()
        process.wait()
    assert not is_ours(process.pid, ("sleep",))
