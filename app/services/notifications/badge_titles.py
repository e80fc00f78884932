"""What badges are called and what they were earned for, in each language: notices, pages and answers all say the same.

Here and not with the catalogue, because the words of notices stand below the services that tell.
"""

from __future__ import annotations

# Code: title and what it was earned for, in each language.
BADGES: dict[str, dict[str, tuple[str, str]]] = {
    "first_deposit": {
        "en": ("First coin", "You put something aside for the first time."),
        "hi": ("पहला सिक्का", "आपने पहली बार कुछ बचाया।"),
    },
    "streak_7_days": {"en": ("One week", "Seven days in a row."), "hi": ("पूरा हफ़्ता", "लगातार सात दिन।")},
    "streak_30_days": {"en": ("Thirty days", "Thirty days in a row."), "hi": ("तीस दिन", "लगातार तीस दिन।")},
    "streak_100_days": {"en": ("A hundred days", "A hundred days in a row."), "hi": ("सौ दिन", "लगातार सौ दिन।")},
    "streak_365_days": {"en": ("A whole year", "Every day for a year."), "hi": ("पूरा साल", "साल भर, हर दिन।")},
    "streak_4_weeks": {"en": ("Four weeks", "Four weeks in a row."), "hi": ("चार हफ़्ते", "लगातार चार हफ़्ते।")},
    "streak_12_weeks": {"en": ("Twelve weeks", "Twelve weeks in a row."), "hi": ("बारह हफ़्ते", "लगातार बारह हफ़्ते।")},
    "streak_52_weeks": {"en": ("A year of weeks", "Every week for a year."), "hi": ("साल भर के हफ़्ते", "साल भर, हर हफ़्ते।")},
    "streak_3_months": {"en": ("Three months", "Three months in a row."), "hi": ("तीन महीने", "लगातार तीन महीने।")},
    "streak_12_months": {"en": ("Twelve months", "Every month for a year."), "hi": ("बारह महीने", "साल भर, हर महीने।")},
    "target_reached": {
        "en": ("Full pot", "You reached what you were saving for."),
        "hi": ("भरी गुल्लक", "जिसके लिए बचा रहे थे, वह पूरा हुआ।"),
    },
    "halfway": {
        "en": ("Halfway", "Half of what you are saving for is there."),
        "hi": ("आधा रास्ता", "आधी मंज़िल तय हो गई।"),
    },
    "comeback": {
        "en": ("Back again", "A streak ended, and you built a new one."),
        "hi": ("फिर से शुरू", "सिलसिला टूटा, और आपने नया बना लिया।"),
    },
    "on_time_month": {
        "en": ("A month on time", "A whole month, each time on time."),
        "hi": ("समय का पाबंद महीना", "पूरे महीने, हर बार समय पर।"),
    },
    "three_pots": {"en": ("Three pots", "You filled your third jar."), "hi": ("तीन गुल्लक", "आपकी तीसरी गुल्लक भर गई।")},
    "loan_repaid": {"en": ("Paid back", "You paid a loan back in full."), "hi": ("क़र्ज़ चुकता", "आपने पूरा क़र्ज़ चुका दिया।")},
    "score_up_50": {
        "en": ("Fifty up", "Your score rose by fifty points."),
        "hi": ("पचास ऊपर", "आपका स्कोर पचास अंक बढ़ा।"),
    },
}


def badge_title(code: str, language: str) -> str:
    """The badge's name; the code in words where nobody has named it yet."""
    return _words(code, language)[0]


def badge_description(code: str, language: str) -> str:
    """What it was earned for; empty where nobody has said."""
    return _words(code, language)[1]


def _words(code: str, language: str) -> tuple[str, str]:
    languages = BADGES.get(code)
    if languages is None:
        return code.replace("_", " ").capitalize(), ""
    return languages.get(language, languages["en"])
