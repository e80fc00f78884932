"""What a device keeps so that an account knows it again: a cookie of a browser, a header of the app."""

from __future__ import annotations

from uuid import UUID

from flask import Flask, Response, current_app, g, request

from app.services.identity import known_devices
from app.transactions import run

HEADER = "X-Device-Token"


def init_app(app: Flask) -> None:
    """Have the answers of ``app`` hand over the tokens that sign-ins make."""

    @app.after_request
    def hand_over(response: Response) -> Response:
        token = g.pop("device_token", None)
        # A sign-in that was made and then failed to commit has none to give.
        if token is None or response.status_code >= 400:
            return response
        if _in_api():
            response.headers[HEADER] = token
        else:
            secure = current_app.config["SESSION_COOKIE_SECURE"]
            age = int(known_devices.LIFE.total_seconds())
            response.set_cookie(_cookie(), token, max_age=age, secure=secure, httponly=True, samesite="Lax")
        return response


def known_by(*, email: str | None = None, phone: str | None = None) -> bytes | None:
    """The digest of this request's device where the account so named knows it, else None. Looked up once."""
    token = presented()
    if token is None:
        return None
    asked = (token, email, phone)
    held = g.get("known_device")
    if held is None or held[0] != asked:
        held = g.known_device = (asked, run(lambda: known_devices.of(token, email=email, phone=phone)))
    found: bytes | None = held[1]
    return found


def remember(user_id: UUID) -> None:
    """Have the person's account know this device from now on; within the transaction of the sign-in."""
    g.device_token = known_devices.remember(user_id, presented())


def presented() -> str | None:
    """What this request's device keeps, whether anybody knows it or not."""
    return request.headers.get(HEADER) if _in_api() else request.cookies.get(_cookie())


def _in_api() -> bool:
    return request.path.startswith("/api/")


def _cookie() -> str:
    # As the session's: no neighbour of this host can set one of that name.
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"
