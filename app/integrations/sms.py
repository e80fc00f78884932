"""SMS through a gateway. In India each text is registered beforehand (DLT): principal entity, header and template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from app.integrations.outgoing import Away, Http, Outcome, judge


class Sms(Protocol):
    """What reaches any phone."""

    configured: bool
    #: Kinds, or kind.language, whose text is registered.
    registered: tuple[str, ...]

    def template(self, kind: str, language: str) -> str | None:
        """The id under which the text of ``kind`` is registered in this language; None where it is not."""

    def send(self, number: str, template_id: str, text: str, *, reference: str) -> Outcome:
        """Hand over one text to ``number`` (E.164). The same ``reference`` again is the same message.

        Raises Away where the gateway does not answer.
        """


class HttpSms:
    """A gateway that takes JSON: to, sender, entity_id, template_id, text, reference."""

    configured = True

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._url: str = config["SMS_URL"]
        self._sender: str = config["SMS_SENDER"]
        self._entity: str = config["SMS_ENTITY_ID"]
        self._templates = templates(config["SMS_TEMPLATES"])
        self.registered = tuple(self._templates)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {config['SMS_KEY']}"}
        self._http = Http()

    def template(self, kind: str, language: str) -> str | None:
        """See Sms."""
        return self._templates.get(f"{kind}.{language}") or self._templates.get(kind)

    def send(self, number: str, template_id: str, text: str, *, reference: str) -> Outcome:
        """See Sms."""
        body = {
            "to": number, "sender": self._sender, "entity_id": self._entity, "template_id": template_id, "text": text,
            "reference": reference,
        }  # fmt: skip
        status, _ = self._http.post(self._url, orjson.dumps(body), self._headers | {"Idempotency-Key": reference})
        outcome = judge(status)
        # A gateway's 404 is about the gateway: the number stays the saver's.
        return Outcome("retry", outcome.reason) if outcome.state == "gone" else outcome


class NullSms:
    """Stands in where no gateway is configured: nothing leaves."""

    configured = False
    registered: tuple[str, ...] = ()

    def template(self, kind: str, language: str) -> str | None:
        """None for all."""
        return None

    def send(self, number: str, template_id: str, text: str, *, reference: str) -> Outcome:
        """Always raises Away."""
        raise Away("not_configured")


def templates(text: str) -> dict[str, str]:
    """SMS_TEMPLATES as kind (or kind.language) and template id."""
    pairs = (part.strip().partition("=") for part in text.split(",") if part.strip())
    return {name: number for name, _, number in pairs}


def sms(config: Mapping[str, Any]) -> Sms:
    """The gateway that ``config`` names; the Null twin without one."""
    return HttpSms(config) if config["SMS_URL"] else NullSms()
