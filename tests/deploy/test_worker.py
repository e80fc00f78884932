"""The worker that `make run` and production serve with: connections stay open, and none holds another up."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection

import pytest

import config
from deploy import worker

COMMAND = (
    sys.executable, "-m", "gunicorn", "tests.deploy.answering:app", "--workers=1", "--bind=127.0.0.1:0",
    "--no-control-socket", "--worker-class=deploy.worker.PromptSyncWorker",
)  # fmt: skip
LONG = 200_000


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """gunicorn with one process, so that whoever is held up is seen to be; and its port."""
    with subprocess.Popen(COMMAND, cwd=config.ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            port = next(int(found[1]) for line in process.stderr if (found := re.search(r"127\.0\.0\.1:(\d+)", line)))
            assert any("Booting worker" in line for line in process.stderr)
            yield process, port
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where it listens."""
    with serving() as (_, port):
        yield port


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def request(path: str, *headers: str, body: bytes = b"", version: str = "1.1") -> bytes:
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/{version}", "Host: chhota", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def all_of(client: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: client.recv(65_536), b""))


def test_one_connection_brings_one_request_after_the_other(port: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        for path in ("/one", "/two"):
            client.request("GET", path)
            answer = client.getresponse()
            assert answer.read().decode().startswith(path)
            assert answer.headers["Connection"] == "keep-alive"
            assert client.sock is not None  # http.client drops one that is to be closed


def test_silent_connections_hold_nobody_up(port: int) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(connect(port)) for _ in range(5)]
        for client in (silent[4], silent[0], silent[4]):
            client.sendall(request("/spoke"))
            assert b"/spoke" in client.recv(65_536)


def test_head_and_body_come_in_one_piece(port: int) -> None:
    with connect(port) as client:
        client.sendall(request("/echo", body=b"tea money"))
        assert client.recv(65_536).endswith(b"\r\n\r\ntea money")


def test_requests_sent_ahead_are_answered_in_turn(port: int) -> None:
    with connect(port) as client:
        client.sendall(request("/first") + request("/echo", body=b"x" * 20) + request("/last", "Connection: close"))
        answers = all_of(client)
    assert re.findall(rb"\r\n\r\n(/first|x{20}|/last)", answers) == [b"/first", b"x" * 20, b"/last"]


def test_a_body_that_nobody_read_is_not_taken_for_the_next_request(port: int) -> None:
    hidden = request("/hidden")
    with connect(port) as client:
        client.sendall(request("/unread", body=hidden) + request("/next", "Connection: close"))
        answers = all_of(client)
    assert re.findall(rb"\r\n\r\n(/[a-z]+)", answers) == [b"/unread", b"/next"]


def test_a_long_body_that_nobody_read_ends_the_connection(port: int) -> None:
    with connect(port) as client:
        client.sendall(request("/unread", body=b"x" * LONG))
        assert b"/unread" in all_of(client)


@pytest.mark.parametrize(("headers", "version"), [(("Connection: close",), "1.1"), ((), "1.0")])
def test_who_wants_no_more_is_let_go(port: int, headers: tuple[str, ...], version: str) -> None:
    with connect(port) as client:
        client.sendall(request("/only", *headers, version=version))
        assert b"Connection: close" in all_of(client)


@pytest.mark.parametrize(
    ("path", "body"), [("/stream", rb"4\r\none,\r\n3\r\ntwo\r\n0\r\n\r\n"), ("/file", b"a file"), ("/breaks", b"half")]
)
def test_answers_of_every_kind(port: int, path: str, body: bytes) -> None:
    wanted = body.replace(rb"\r\n", b"\r\n")
    with connect(port) as client:
        client.sendall(request(path, "Connection: close"))
        assert all_of(client).partition(b"\r\n\r\n")[2] == wanted


def test_an_answer_without_a_body(port: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        for _ in range(2):
            client.request("HEAD", "/head")
            answer = client.getresponse()
            assert (answer.status, answer.read()) == (200, b"")
            assert int(answer.headers["Content-Length"]) > 5


def test_what_is_no_request_is_refused_and_the_next_client_served(port: int) -> None:
    with connect(port) as client:
        client.sendall(b"\x16\x03\x01 not http\r\n\r\n")
        assert all_of(client).startswith(b"HTTP/1.1 400")
    with connect(port) as client:
        client.sendall(request("/after", "Connection: close"))
        assert b"/after" in all_of(client)


def test_a_stop_closes_what_is_open() -> None:
    with serving() as (process, port), connect(port) as silent, connect(port) as busy:
        busy.sendall(request("/before"))
        assert b"/before" in busy.recv(65_536)
        process.terminate()
        assert all_of(silent) == b""
        assert all_of(busy) == b""
        assert process.wait(10) == 0


def test_a_request_that_trickles_in_is_not_waited_for_without_end() -> None:
    """A byte now and then is always in time for the next; the whole request is not."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        ours.settimeout(worker.NEXT_BYTE_SECONDS)
        incoming = worker._Incoming(ours)
        theirs.sendall(b"P")
        assert incoming.recv(10) == b"P"
        incoming.until = time.monotonic() + 0.05
        with pytest.raises(TimeoutError):
            incoming.recv(10)
        theirs.sendall(b"O")
        with pytest.raises(TimeoutError, match="did not arrive in time"):
            incoming.recv(10)
        assert ours.gettimeout() == worker.NEXT_BYTE_SECONDS
        assert incoming.gettimeout() == worker.NEXT_BYTE_SECONDS
