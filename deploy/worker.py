"""gunicorn's sync worker, which is the quickest here, with connections that stay open between requests.

A process serves one request at a time, in its only thread. Connections that are silent, before their first request or
after their last, wait in a selector and hold nobody up: browsers open some ahead of need, and who asks more than once
saves both sides a connection for each question. That is a tenth of what a deposit costs.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections import OrderedDict
from typing import Any

from gunicorn import http, util
from gunicorn.http import wsgi
from gunicorn.workers.sync import SyncWorker

# How long a connection may be silent: longer than proxies keep theirs (60), so that none sends into a closed one.
SILENT_SECONDS = 75.0
# For each further part of a request; behind a proxy that buffers, none is ever missing.
NEXT_BYTE_SECONDS = 5.0
# For all of a request: somebody who sends a byte now and then would hold the process until gunicorn ends it, and with
# it all who wait there.
REQUEST_SECONDS = 15.0
# Of one process. The one that was silent for longest makes room for another.
MOST_CONNECTIONS = 500
LOOK_AROUND_SECONDS = 1.0


class PromptSyncWorker(SyncWorker):  # type: ignore[misc]
    """Serves whoever has something to say, one request after the other, and waits for nobody in particular."""

    def run(self) -> None:
        """Serve until told to stop."""
        self._open: OrderedDict[socket.socket, _Connection] = OrderedDict()  # the longest silent first
        self._selector = selectors.DefaultSelector()
        for waited_for in (self.PIPE[0], *self.sockets):
            self._selector.register(waited_for, selectors.EVENT_READ)
        for listener in self.sockets:
            listener.setblocking(False)
        looked = time.monotonic()
        while self.alive:
            self.notify()
            newcomers = self._serve_ready(LOOK_AROUND_SECONDS)
            # After those that are here already: so the process with the least to do takes them.
            for listener in newcomers:
                self._accept(listener)
            if time.monotonic() - looked >= LOOK_AROUND_SECONDS:
                looked = time.monotonic()
                self._close_silent(looked - SILENT_SECONDS)
                if not self.is_parent_alive():
                    break
        self.alive = False
        self._serve_ready(0)  # what was sent before the stop is answered, and each connection then closed
        self._close_silent(time.monotonic())

    def _serve_ready(self, seconds: float) -> list[Any]:
        """Wait up to ``seconds`` and serve the connections that have spoken; the listeners where somebody knocks."""
        newcomers = []
        for key, _ in self._selector.select(seconds):
            if isinstance(key.data, _Connection):
                self.handle(key.data.listener, key.data.client, key.data.address)
            elif key.fileobj == self.PIPE[0]:
                os.read(self.PIPE[0], 1)
            else:
                newcomers.append(key.fileobj)
        return newcomers

    def _accept(self, listener: Any) -> None:
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process was quicker, or the client thought better of it
        client.settimeout(NEXT_BYTE_SECONDS)
        if len(self._open) >= MOST_CONNECTIONS:
            self._forget(next(iter(self._open))).close()
        incoming = _Incoming(client)
        connection = _Connection(listener, client, address, http.get_parser(self.cfg, incoming, address), incoming)
        self._open[client] = connection
        self._selector.register(client, selectors.EVENT_READ, connection)

    def _close_silent(self, since: float) -> None:
        """Close the connections that have been silent since that moment or longer."""
        for connection in list(self._open.values()):
            if connection.silent_since > since:
                break
            self._forget(connection.client).close()

    def _forget(self, client: Any) -> Any:
        del self._open[client]
        self._selector.unregister(client)
        return client

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve what a connection has sent; close it, or have it wait for more."""
        connection = self._open[client]
        try:
            more = self._converse(connection)
        except (StopIteration, http.errors.NoMoreData, ConnectionError, TimeoutError):
            more = False  # nobody is there any more, or has stopped halfway
        except BaseException:
            util.close_graceful(self._forget(client))
            raise
        if more:
            connection.silent_since = time.monotonic()
            self._open.move_to_end(client)
        else:
            util.close_graceful(self._forget(client))

    def _converse(self, connection: _Connection) -> bool:
        """Answer all that has come in; whether more may come."""
        while True:
            self.notify()
            connection.incoming.until = time.monotonic() + REQUEST_SECONDS
            request = None
            try:
                request = next(connection.parser)
                more = self.handle_request(connection.listener, request, connection.client, connection.address)
            except (StopIteration, http.errors.NoMoreData, ConnectionError, TimeoutError):
                raise
            except Exception as error:
                self.handle_error(request, connection.client, connection.address, error)
                return False
            if not more or not connection.parser.finish_body(time.monotonic() + NEXT_BYTE_SECONDS):
                return False
            ahead = connection.parser.unreader.take_buffered()
            if not ahead:
                return True
            connection.parser.unreader.unread(ahead)

    def handle_request(self, listener: Any, req: Any, client: Any, addr: Any) -> bool:
        """Answer one request; whether the connection may bring another."""
        answer, environ = wsgi.create(req, client, addr, listener.getsockname(), self.cfg, response_class=_Answer)
        self.nr += 1
        if self.nr >= self.max_requests:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        if not self.alive:
            answer.force_close()
        parts = self.wsgi(environ, answer.start_response)
        try:
            if isinstance(parts, environ["wsgi.file_wrapper"]):
                answer.write_file(parts)
            else:
                for part in parts:
                    answer.write(part)
            answer.close()
        except Exception as error:
            if isinstance(error, (ConnectionError, TimeoutError)) or not answer.headers_sent:
                raise
            # Too late for another answer: the client sees that this one broke off.
            self.log.exception("Error handling request")
            return False
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return not answer.should_close()


class _Connection:
    """An open connection, with the parser that holds what was read of it ahead."""

    __slots__ = ("address", "client", "incoming", "listener", "parser", "silent_since")

    def __init__(self, listener: Any, client: socket.socket, address: Any, parser: Any, incoming: _Incoming) -> None:
        self.listener, self.client, self.address, self.parser = listener, client, address, parser
        self.incoming = incoming
        self.silent_since = time.monotonic()


class _Incoming:
    """What the parser reads a connection through: no request takes longer to arrive than it may."""

    __slots__ = ("_client", "until")

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self.until = time.monotonic() + REQUEST_SECONDS

    def recv(self, most: int) -> bytes:
        """The next bytes. Raises TimeoutError once the time of this request is over, or where none come."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request did not arrive in time")
        patience = self._client.gettimeout()
        if patience is not None and patience <= left:
            return self._client.recv(most)
        self._client.settimeout(left)
        try:
            return self._client.recv(most)
        finally:
            self._client.settimeout(patience)

    def gettimeout(self) -> float | None:
        """The connection's own, for gunicorn, which bounds what nobody has read."""
        return self._client.gettimeout()

    def settimeout(self, seconds: float | None) -> None:
        """The connection's own."""
        self._client.settimeout(seconds)


class _Answer(wsgi.Response):  # type: ignore[misc]
    """Its head goes out with the first part of the body: one call of the system, and the client wakes up once."""

    _head = b""

    def send_headers(self) -> None:
        """Hold the head back until there is something to send with it."""
        if not self.headers_sent:
            lines = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
            self._head = "".join(lines).encode("latin-1")
            self.headers_sent = True

    def _emit_body(self, data: bytes) -> None:
        if self._head:
            if self.chunked:
                data = b"%X\r\n%b\r\n" % (len(data), data)
            head, self._head = self._head, b""
            self.sock.sendall(head + data)
        else:
            super()._emit_body(data)

    def sendfile(self, respiter: Any) -> bool:
        """Have the system send a file; False where it cannot."""
        self.send_headers()
        self._send_head()
        return bool(super().sendfile(respiter))

    def close(self) -> None:
        """Send what is missing."""
        self.send_headers()
        self._send_head()
        super().close()

    def _send_head(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self.sock.sendall(head)
