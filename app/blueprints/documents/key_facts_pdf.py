"""The key fact statement of a loan as a PDF: what it costs, on one page, and every instalment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext

from app import money
from app.blueprints.documents import pdf
from app.blueprints.documents import statement_words as words
from app.blueprints.languages import LOCALES, language
from app.periods import SaverZone


def draw(stated: Mapping[str, Any], *, saver: str, zone: SaverZone) -> bytes:
    """The bytes of the file, in the reader's language. Raises what ``pdf.typeset`` raises."""
    spoken = language()
    locale = LOCALES[spoken]
    offered_at = datetime.fromisoformat(stated["offered_at"])

    def rupees(text: str) -> str:
        minor = int(text.replace(".", ""))
        return money.format_rupees(minor, locale=locale, currency=stated["currency"], whole=False)

    def instant(name: str) -> str:
        return words.long_instant(datetime.fromisoformat(stated[name]), zone, locale)

    def percent(text: str) -> str:
        return gettext("%(rate)s %% a year", rate=text)

    facts = [
        (gettext("Amount of the loan"), rupees(stated["amount"])),
        (gettext("Fee, withheld from it"), rupees(stated["fee"])),
        (gettext("Kept for you until the end"), rupees(stated["locked"])),
        (gettext("Instalments"), gettext("%(count)s, one each month", count=stated["tenure_months"])),
        (gettext("Each instalment"), rupees(stated["instalment"])),
        (gettext("The last instalment"), rupees(stated["last_instalment"])),
        (gettext("Interest, fixed, on what is still owed"), percent(stated["interest_rate"])),
        (gettext("All interest"), rupees(stated["total_interest"])),
        (gettext("All it costs: interest and fee"), rupees(stated["total_cost"])),
        (gettext("All instalments together"), rupees(stated["total_repaid"])),
        (gettext("The offer stands until"), instant("expires_at")),
    ]
    officer = stated["officer"]
    rules = [
        gettext(
            "The money is not paid out. It is kept for you, and goes to your jar with the last payment: the amount less"
            " the fee."
        ),
        gettext("Each instalment is due on the day of the month on which you accept, from the month after on."),
        gettext(
            "You can think again for %(days)s days after you have accepted: cancel then, and all of it is undone at no"
            " cost.",
            days=stated["cooling_off_days"],
        ),
        gettext(
            "Paid up to %(days)s days after its day, an instalment counts as on time. After that there is one late"
            " charge for it, of %(charge)s at most. No interest is taken on it.",
            days=stated["on_time_days"],
            charge=rupees(stated["late_charge"]),
        ),
        gettext(
            "You can pay early or close the loan on any day. Closing costs what is still owed, and interest up to that"
            " day only."
        ),
        gettext(
            "Where an instalment is not paid for %(days)s days, the loan ends: what is owed is taken out of the money"
            " that is kept, and the rest goes to your jar.",
            days=stated["default_after_days"],
        ),
        gettext(
            "How you pay counts for your score with Chhota: an instalment that is more than %(days)s days late counts"
            " as missed.",
            days=stated["missed_after_days"],
        ),
        gettext(
            "Something is wrong? Write to %(name)s, %(email)s, or call %(phone)s.",
            name=officer["name"],
            email=officer["email"],
            phone=officer["phone"],
        ),
    ]
    values = {
        "lang": spoken,
        "words": {
            "brand": gettext("Chhota"),
            "pot": gettext("A clay pot"),
            "title": gettext("Chhota: key facts of a loan"),
            "running": gettext("Chhota · key facts of a loan"),
            "page_of": gettext("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
            "heading": gettext("Key facts"),
            "offered": gettext("Offered on %(when)s", when=instant("offered_at")),
            "apr": gettext("What it costs a year, all in (APR)"),
            "schedule": gettext("Every instalment"),
            "number": gettext("No."),
            "due": gettext("Due"),
            "principal": gettext("Principal"),
            "interest": gettext("Interest"),
            "instalment": gettext("Instalment"),
            "owed_after": gettext("Still owed"),
            "version": gettext("Version of this statement: %(version)s", version=stated["version"]),
        },
        "saver": saver,
        "apr": percent(stated["apr"]),
        "facts": facts,
        "rules": rules,
        "rows": [
            [
                str(row["number"]),
                gettext("month %(number)s", number=row["months_after_acceptance"]),
                *(rupees(row[name]) for name in ("principal", "interest", "instalment", "owed_after")),
            ]
            for row in stated["schedule"]
        ],
    }
    return pdf.typeset("key_facts", values, made_at=offered_at)
