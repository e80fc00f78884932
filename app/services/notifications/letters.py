"""A notice as a letter: text and HTML, the same letter however often it is written."""

from __future__ import annotations

from datetime import datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any
from uuid import UUID

from flask import current_app, render_template

from app.integrations.email import Letter
from app.services.notifications.deliveries import Delivery
from app.services.notifications.kinds import KINDS
from app.services.notifications.preferences import unsubscribe_token
from app.services.notifications.words import Words, words

LANGUAGE_TAGS = {"en": "en-IN", "hi": "hi-IN"}


def letter(delivery: Delivery) -> Letter:
    """The letter of an e-mail delivery. Its Message-ID is the notice's: a second try is the same letter.

    Needs an application context; links lead to PUBLIC_URL.
    """
    said = words(delivery.kind, delivery.facts, delivery.language)
    # Nobody can end letters about who gets into the account.
    leave = None if KINDS[delivery.kind].always else unsubscribe_token(delivery.user_id, delivery.kind)
    return write_letter(
        said, path=said.path, to=delivery.email, name=delivery.name, language=delivery.language,
        id_=delivery.notice_id, at=delivery.told_at, leave=leave,
    )  # fmt: skip


def write_letter(
    said: Words, *, path: str, to: str, name: str, language: str, id_: UUID, at: datetime, leave: str | None = None
) -> Letter:
    """``said`` as a letter whose button leads to ``path``. ``id_`` and ``at`` make it the same each time it is written.

    ``leave``: the token of the link that ends letters of this kind; None where there is none.
    """
    config = current_app.config
    site = config["PUBLIC_URL"].rstrip("/")
    language = language if language in LANGUAGE_TAGS else "en"
    leave_url = f"{site}/unsubscribe/{leave}" if leave else None
    values = {
        "said": said, "name": name, "language": language, "tag": LANGUAGE_TAGS[language],
        "action_url": site + path, "leave_url": leave_url, "choices_url": f"{site}/profile/notifications",
    }  # fmt: skip
    sender_name, sender = parseaddr(config["MAIL_FROM"])
    # The older of the library's two ways: the newer one loses spaces where it folds a subject in Devanagari.
    message = MIMEMultipart("alternative", boundary=f"=_{id_.hex}")
    message["From"] = formataddr((sender_name, sender))
    message["To"] = _encoded(to)
    if config["MAIL_REPLY_TO"]:
        message["Reply-To"] = formataddr(parseaddr(config["MAIL_REPLY_TO"]))
    message["Subject"] = _encoded(said.title)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{id_}@{sender.rpartition('@')[2]}>"
    message["Content-Language"] = LANGUAGE_TAGS[language]
    message["Auto-Submitted"] = "auto-generated"
    if leave_url:
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for form in ("txt", "html"):
        text = render_template(f"email/notice.{form}", **values)
        message.attach(MIMEText(text, "plain" if form == "txt" else form, "utf-8"))
    # In one line, which the library would fold: some programs look for the link behind the colon only.
    head = f"List-Unsubscribe: <{leave_url}>\r\n".encode("ascii") if leave_url else b""
    return Letter(sender, to, head + message.as_bytes(policy=compat32.clone(linesep="\r\n")))


def _encoded(text: str) -> Any:
    return text if text.isascii() else Header(text, "utf-8")
