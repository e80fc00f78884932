"""What a key fact statement says, in the reader's language: the same on the page and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext

from app import money
from app.blueprints.documents import statement_words as words
from app.blueprints.languages import LOCALES, language
from app.periods import SaverZone


def rupees(text: str, currency: str) -> str:
    """An amount of a statement ("969.73") as its reader writes it, always with its paise."""
    return money.format_rupees(int(text.replace(".", "")), locale=LOCALES[language()], currency=currency, whole=False)


def a_year(text: str) -> str:
    """A rate of a statement ("17.07")."""
    return gettext("%(rate)s %% a year", rate=text)


def instant(text: str, zone: SaverZone) -> str:
    """An instant of a statement, in the saver's zone."""
    return words.long_instant(datetime.fromisoformat(text), zone, LOCALES[language()])


def facts(stated: Mapping[str, Any], zone: SaverZone) -> list[tuple[str, str]]:
    """Name and value of each figure, but for the annual rate, which stands above them."""

    def amount(name: str) -> str:
        return rupees(stated[name], stated["currency"])

    return [
        (gettext("Amount of the loan"), amount("amount")),
        (gettext("Fee, withheld from it"), amount("fee")),
        (gettext("Kept for you until the end"), amount("locked")),
        (gettext("Instalments"), gettext("%(count)s, one each month", count=stated["tenure_months"])),
        (gettext("Each instalment"), amount("instalment")),
        (gettext("The last instalment"), amount("last_instalment")),
        (gettext("Interest, fixed, on what is still owed"), a_year(stated["interest_rate"])),
        (gettext("All interest"), amount("total_interest")),
        (gettext("All it costs: interest and fee"), amount("total_cost")),
        (gettext("All instalments together"), amount("total_repaid")),
        (gettext("The offer stands until"), instant(stated["expires_at"], zone)),
    ]


def rules(stated: Mapping[str, Any]) -> list[str]:
    """What is agreed to, beside the figures; whom to complain to is not among it."""
    return [
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
            charge=rupees(stated["late_charge"], stated["currency"]),
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
    ]


def complaints(stated: Mapping[str, Any]) -> str:
    """Whom to write to or call."""
    officer = stated["officer"]
    return gettext(
        "Something is wrong? Write to %(name)s, %(email)s, or call %(phone)s.",
        name=officer["name"],
        email=officer["email"],
        phone=officer["phone"],
    )


def file_name(stated: Mapping[str, Any]) -> str:
    """What the PDF is called."""
    return f"chhota-key-facts-{stated['version'][:8]}.pdf"
