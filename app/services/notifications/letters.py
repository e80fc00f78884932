"""A notice as a letter: text and HTML, the same letter however often it is written."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from flask import current_app, render_template

from app.services.notifications.deliveries import Delivery
from app.services.notifications.preferences import unsubscribe_token
from app.services.notifications.words import words

LANGUAGE_TAGS = {"en": "en-IN", "hi": "hi-IN"}


def letter(delivery: Delivery) -> EmailMessage:
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
    sender = config["MAIL_FROM"]
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = delivery.email
    if config["MAIL_REPLY_TO"]:
        message["Reply-To"] = config["MAIL_REPLY_TO"]
    message["Subject"] = said.title
    message["Date"] = format_datetime(delivery.told_at)
    message["Message-ID"] = f"<{delivery.notice_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{leave}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(render_template("email/notice.txt", **values))
    message.add_alternative(render_template("email/notice.html", **values), subtype="html")
    # After the parts: headers about the content go with what was there before.
    message["Content-Language"] = LANGUAGE_TAGS[language]
    message.set_boundary(f"=_{delivery.notice_id.hex}")
    return message
