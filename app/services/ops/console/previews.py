"""Every template of a notice and a letter as it would reach a saver, with facts of nobody. Nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any, Final
from uuid import UUID

from flask import current_app

from app.integrations.sms import Sms
from app.services.notifications import examples
from app.services.notifications.kinds import KINDS
from app.services.notifications.letters import write_letter
from app.services.notifications.words import LANGUAGES, Words, words

__all__ = ["LANGUAGES", "Letter", "Preview", "kinds", "occasions", "preview"]

NAME: Final = {"en": "Asha", "hi": "आशा"}
ADDRESS: Final = "asha@example.com"
NOBODY: Final = UUID(int=0)
#: In an SMS of letters beyond the GSM alphabet, and in one of the others: the first alone, or each of several.
SEGMENTS: Final = {True: (160, 153), False: (70, 67)}
GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
#: Those of the GSM alphabet that take two places.
DOUBLE: Final = frozenset("^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it would leave: who it says it is from, its subject, and its two forms."""

    sender: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a template says, on each way.

    ``ways``: those it takes where its saver has not said otherwise; ``always``: nobody can switch it off. ``letter``:
    None for what is no letter. ``sms``: its text, None for what is never an SMS; ``segments``: how many an SMS is paid
    as; ``registered``: whether this installation has a registered text for it, without which none leaves. ``in_inbox``:
    whether it is a notice.
    """

    kind: str
    occasion: str
    language: str
    said: Words
    ways: tuple[str, ...]
    always: bool
    letter: Letter | None
    sms: str | None
    segments: int
    registered: bool
    in_inbox: bool


def kinds() -> list[str]:
    """Every kind, notices first."""
    return [*KINDS, *examples.LETTERS]


def occasions(kind: str) -> list[str]:
    """What a kind is told on. Raises KeyError."""
    return list(_examples(kind))


def preview(kind: str, occasion: str, language: str, *, at: datetime) -> Preview:
    """The template of ``kind`` on that occasion. Raises KeyError. Needs an application context."""
    facts = _examples(kind)[occasion]
    notice = KINDS.get(kind)
    said = words(kind, facts, language, folder="letters" if notice is None else "notices")
    if notice is None:
        by_sms = kind == "phone_code"
        ways: tuple[str, ...] = ("sms",) if by_sms else ("email",)
    else:
        by_sms = notice.sms
        ways = tuple(way for way in ("email", "push", "sms") if getattr(notice, way))
    sms: Sms = current_app.extensions["sms"]
    text = (said.text if notice is None else f"{said.title}. {said.text}") if by_sms else None
    leave = None if notice is None or notice.always else "example"
    return Preview(
        kind, occasion, language, said, ways, notice is None or notice.always,
        None if ways == ("sms",) else _letter(said, language, leave=leave, at=at),
        text, 0 if text is None else segments(text), by_sms and sms.template(kind, language) is not None,
        notice is not None,
    )  # fmt: skip


def segments(text: str) -> int:
    """How many SMS the text is paid as."""
    gsm = all(letter in GSM for letter in text)
    length = sum(1 + (letter in DOUBLE) for letter in text) if gsm else len(text.encode("utf-16-le")) // 2
    alone, each = SEGMENTS[gsm]
    return 1 if length <= alone else -(-length // each)


def _examples(kind: str) -> Mapping[str, Mapping[str, Any]]:
    return examples.NOTICES[kind] if kind in examples.NOTICES else examples.LETTERS[kind]


def _letter(said: Words, language: str, *, leave: str | None, at: datetime) -> Letter:
    written = write_letter(
        said, path=said.path, to=ADDRESS, name=NAME[language], language=language, id_=NOBODY, at=at, leave=leave
    )
    message = message_from_bytes(written.content)
    parts = {}
    for part in message.walk():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            parts[part.get_content_type()] = body.decode("utf-8")
    sender, subject = (str(make_header(decode_header(message[name] or ""))) for name in ("From", "Subject"))
    return Letter(sender, subject, parts["text/plain"], parts["text/html"])
