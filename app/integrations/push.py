"""Push to the phone app, through Expo's push service (docs.expo.dev/push-notifications/sending-notifications)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from app.integrations.outgoing import SENT, Away, Http, Outcome

BATCH = 100  # the most that the service takes in one call


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """``token``: ExponentPushToken[…]. ``seconds``: how long it is worth keeping for a phone that is off."""

    token: str
    title: str
    body: str
    data: Mapping[str, str]
    seconds: int


class PhonePush(Protocol):
    """What reaches the app on phones."""

    configured: bool

    def deliver(self, messages: Sequence[PhoneMessage]) -> list[Outcome]:
        """Hand over at most ``BATCH`` messages in one call; what became of each. Raises Away."""


class ExpoPush:
    """Expo's service, or whatever speaks its protocol at ``url``."""

    configured = True

    def __init__(self, url: str, access_token: str) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if access_token:
            self._headers["Authorization"] = f"Bearer {access_token}"
        self._http = Http()

    def deliver(self, messages: Sequence[PhoneMessage]) -> list[Outcome]:
        """See PhonePush."""
        body = [
            {
                "to": message.token, "title": message.title, "body": message.body, "data": dict(message.data),
                "ttl": message.seconds, "sound": "default", "priority": "high",
            }
            for message in messages
        ]  # fmt: skip
        status, answer = self._http.post(self._url, orjson.dumps(body), self._headers)
        if status in {400, 413, 422}:
            # One message that the service does not understand fails all of its call: the others go without it.
            if len(messages) == 1:
                return [Outcome("refused", f"http_{status}")]
            half = len(messages) // 2
            return self.deliver(messages[:half]) + self.deliver(messages[half:])
        if status != 200:
            raise Away(f"http_{status}")
        try:
            tickets = orjson.loads(answer)["data"]
            outcomes = [_judge(ticket) for ticket in tickets]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Away("answer_not_understood") from error
        if len(outcomes) != len(messages):
            raise Away("answer_not_understood")
        return outcomes


def _judge(ticket: Mapping[str, Any]) -> Outcome:
    if ticket["status"] == "ok":
        return SENT
    error = str((ticket.get("details") or {}).get("error", "unknown"))
    if error == "DeviceNotRegistered":
        return Outcome("gone", error)
    # A message that is too big, or a token of another project, stays so; the rest is worth another try.
    return Outcome("refused" if error in {"MessageTooBig", "MismatchSenderId"} else "retry", error[:40])


class NullPhonePush:
    """Stands in where no push service is configured: nothing leaves."""

    configured = False

    def deliver(self, messages: Sequence[PhoneMessage]) -> list[Outcome]:
        """Always raises Away."""
        raise Away("not_configured")


def phone_push(config: Mapping[str, Any]) -> PhonePush:
    """The push service that ``config`` names; the Null twin without one."""
    if not config["EXPO_PUSH_URL"]:
        return NullPhonePush()
    return ExpoPush(config["EXPO_PUSH_URL"], config["EXPO_ACCESS_TOKEN"])
