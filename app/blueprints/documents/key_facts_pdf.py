"""The key fact statement of a loan as a PDF: what it costs, on one page, and every instalment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext

from app.blueprints.documents import key_facts_words as words
from app.blueprints.documents import pdf
from app.blueprints.languages import language
from app.periods import SaverZone


def draw(stated: Mapping[str, Any], *, saver: str, zone: SaverZone) -> bytes:
    """The bytes of the file, in the reader's language. Raises what ``pdf.typeset`` raises."""
    values = {
        "lang": language(),
        "words": {
            "brand": gettext("Chhota"),
            "pot": gettext("A clay pot"),
            "title": gettext("Chhota: key facts of a loan"),
            "running": gettext("Chhota · key facts of a loan"),
            "page_of": gettext("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
            "heading": gettext("Key facts"),
            "offered": gettext("Offered on %(when)s", when=words.instant(stated["offered_at"], zone)),
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
        "apr": words.a_year(stated["apr"]),
        "facts": words.facts(stated, zone),
        "rules": [*words.rules(stated), words.complaints(stated)],
        "rows": [
            [
                str(row["number"]),
                gettext("month %(number)s", number=row["months_after_acceptance"]),
                *(
                    words.rupees(row[name], stated["currency"])
                    for name in ("principal", "interest", "instalment", "owed_after")
                ),
            ]
            for row in stated["schedule"]
        ],
    }
    return pdf.typeset("key_facts", values, made_at=datetime.fromisoformat(stated["offered_at"]))
