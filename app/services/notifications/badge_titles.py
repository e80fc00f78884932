"""What badges are called and what they were earned for, in each language: notices, pages and answers all say the same.

Here and not with the catalogue, because the words of notices stand below the services that tell. Never about an amount
of money, nor about who somebody is.
"""

from __future__ import annotations

from typing import Final

DEFAULT: Final = "en"
# Code: title and what it was earned for, in each language.
BADGES: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "first_deposit": {
        "en": ("First coin", "You put something aside for the first time."),
        "hi": ("पहला सिक्का", "पहली बार कुछ बचाकर रखा।"),
    },
    "second_pot": {
        "en": ("A second pot", "A second jar holds something of yours."),
        "hi": ("दूसरी गुल्लक", "अब दूसरी गुल्लक में भी आपकी बचत है।"),
    },
    "streak_7_days": {
        "en": ("One week", "Seven days in a row."),
        "hi": ("एक हफ़्ता", "लगातार सात दिन।"),
    },
    "streak_30_days": {
        "en": ("Thirty days", "Thirty days in a row."),
        "hi": ("तीस दिन", "लगातार तीस दिन।"),
    },
    "streak_100_days": {
        "en": ("A hundred days", "A hundred days in a row."),
        "hi": ("सौ दिन", "लगातार सौ दिन।"),
    },
    "streak_365_days": {
        "en": ("A whole year", "Every day for a year."),
        "hi": ("पूरा साल", "साल भर, हर दिन।"),
    },
    "streak_4_weeks": {
        "en": ("Four weeks", "Four weeks in a row."),
        "hi": ("चार हफ़्ते", "लगातार चार हफ़्ते।"),
    },
    "streak_12_weeks": {
        "en": ("Twelve weeks", "Twelve weeks in a row."),
        "hi": ("बारह हफ़्ते", "लगातार बारह हफ़्ते।"),
    },
    "streak_26_weeks": {
        "en": ("Half a year of weeks", "Twenty-six weeks in a row."),
        "hi": ("आधे साल के हफ़्ते", "लगातार छब्बीस हफ़्ते।"),
    },
    "streak_52_weeks": {
        "en": ("A year of weeks", "Every week for a year."),
        "hi": ("साल भर के हफ़्ते", "साल भर, हर हफ़्ते।"),
    },
    "streak_3_months": {
        "en": ("Three months", "Three months in a row."),
        "hi": ("तीन महीने", "लगातार तीन महीने।"),
    },
    "streak_6_months": {
        "en": ("Six months", "Six months in a row."),
        "hi": ("छह महीने", "लगातार छह महीने।"),
    },
    "streak_12_months": {
        "en": ("Twelve months", "Every month for a year."),
        "hi": ("बारह महीने", "साल भर, हर महीने।"),
    },
    "halfway": {
        "en": ("Halfway", "A jar of yours is half full."),
        "hi": ("आधा रास्ता", "आपकी एक गुल्लक आधी भर गई।"),
    },
    "target_reached": {
        "en": ("Full pot", "You reached what you were saving for."),
        "hi": ("भरी गुल्लक", "जिसके लिए बचत थी, वह पूरी हो गई।"),
    },
    "three_pots": {
        "en": ("Three full pots", "Three jars reached what they were for."),
        "hi": ("तीन भरी गुल्लकें", "तीन गुल्लकें अपने लक्ष्य तक पहुँचीं।"),
    },
    "comeback": {
        "en": ("Alight again", "One row ended, and a new one is three long."),
        "hi": ("फिर से रोशन", "एक सिलसिला थमा, और नया तीन तक पहुँच गया।"),
    },
    "carried_over": {
        "en": ("The lamp waited", "Your row went on after a freeze or a pause."),
        "hi": ("दीया रुका रहा", "फ़्रीज़ या विराम के बाद आपका सिलसिला आगे बढ़ा।"),
    },
    "on_time_month": {
        "en": ("A month on time", "All that was due in a calendar month came on time."),
        "hi": ("समय पर पूरा महीना", "महीने में जो कुछ तय था, सब समय पर हुआ।"),
    },
    "loan_repaid": {
        "en": ("Paid back", "You paid a loan back to the last instalment."),
        "hi": ("पूरा चुकाया", "आख़िरी किस्त तक एक ऋण चुका दिया।"),
    },
    "score_up_50": {
        "en": ("Fifty up", "Your Chhota score rose by fifty points."),
        "hi": ("पचास ऊपर", "आपका छोटा स्कोर पचास अंक बढ़ा।"),
    },
}


def badge_title(code: str, language: str = DEFAULT) -> str:
    """The badge's name, in English where the language has none; the code in words where nobody has named it yet."""
    return _words(code, language)[0]


def badge_description(code: str, language: str = DEFAULT) -> str:
    """What it was earned for; empty where nobody has said."""
    return _words(code, language)[1]


def _words(code: str, language: str) -> tuple[str, str]:
    languages = BADGES.get(code)
    if languages is None:
        return code.replace("_", " ").capitalize(), ""
    return languages.get(language, languages[DEFAULT])
