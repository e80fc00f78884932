"""A notice as a letter: text and HTML, the same letter however often it is written."""

from __future__ import annotations

from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any

from flask import current_app, render_template

from app.integrations.email import Letter
from app.services.notifications.deliveries import Delivery
from app.services.notifications.preferences import unsubscribe_token
from app.services.notifications.words import words

LANGUAGE_TAGS = {"en": "en-IN", "hi": "hi-IN"}


def letter(delivery: Delivery) -> Letter:
    """The letter of an e-mail delivery. Its Message-ID is the notice's: a second try is the same letter.

    Needs an application context; links lead to PUBLIC_URL.
    """
    config = current_app.config
    site = config["PUBLIC_URL"].rstrip("/")
    language = delivery.language if delivery.language in LANGUAGE_TAGS else "en"
    said = words(delivery.kind, delivery.facts, language)
    leave = f"{site}/unsubscribe/{unsubscribe_token(delivery.user_id, delivery.kind)}"
    values = {
        "said": said, "name": delivery.name, "language": language, "tag": LANGUAGE_TAGS[language],
        "action_url": site + said.path, "leave_url": leave, "choices_url": f"{site}/profile/notifications",
    }  # fmt: skip
    name, sender = parseaddr(config["MAIL_FROM"])
    # The older of the library's two ways: the newer one loses spaces where it folds a subject in Devanagari.
    message = MIMEMultipart("alternative", boundary=f"=_{delivery.notice_id.hex}")
    message["From"] = formataddr((name, sender))
    message["To"] = _encoded(delivery.email)
    if config["MAIL_REPLY_TO"]:
        message["Reply-To"] = formataddr(parseaddr(config["MAIL_REPLY_TO"]))
    message["Subject"] = _encoded(said.title)
    message["Date"] = format_datetime(delivery.told_at)
    message["Message-ID"] = f"<{delivery.notice_id}@{sender.rpartition('@')[2]}>"
    message["Content-Language"] = LANGUAGE_TAGS[language]
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for form in ("txt", "html"):
        text = render_template(f"email/notice.{form}", **values)
        message.attach(MIMEText(text, "plain" if form == "txt" else form, "utf-8"))
    # In one line, which the library would fold: some programs look for the link behind the colon only.
    head = f"List-Unsubscribe: <{leave}>\r\n".encode("ascii")
    return Letter(sender, delivery.email, head + message.as_bytes(policy=compat32.clone(linesep="\r\n")))


def _encoded(text: str) -> Any:
    return text if text.isascii() else Header(text, "utf-8")
