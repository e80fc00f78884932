"""What badges are called, in every language that savers read: for the inbox, e-mails, answers and pages alike.

Never about an amount of money, nor about who somebody is.
"""

from __future__ import annotations

from typing import Final

DEFAULT: Final = "en"
#: Title and what it was earned for, by language and code (gamification/badges.py has the rules).
WORDS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "en": {
        "first_deposit": ("First coin", "You put something aside for the first time."),
        "second_pot": ("A second pot", "A second jar holds something of yours."),
        "streak_7_days": ("One week", "Seven days in a row."),
        "streak_30_days": ("Thirty days", "Thirty days in a row."),
        "streak_100_days": ("A hundred days", "A hundred days in a row."),
        "streak_365_days": ("A whole year", "Every day for a year."),
        "streak_4_weeks": ("Four weeks", "Four weeks in a row."),
        "streak_12_weeks": ("Twelve weeks", "Twelve weeks in a row."),
        "streak_26_weeks": ("Half a year of weeks", "Twenty-six weeks in a row."),
        "streak_52_weeks": ("A year of weeks", "Every week for a year."),
        "streak_3_months": ("Three months", "Three months in a row."),
        "streak_6_months": ("Six months", "Six months in a row."),
        "streak_12_months": ("Twelve months", "Every month for a year."),
        "halfway": ("Halfway", "A jar of yours is half full."),
        "target_reached": ("Full pot", "You reached what you were saving for."),
        "three_pots": ("Three full pots", "Three jars reached what they were for."),
        "comeback": ("Alight again", "One row ended, and a new one is three long."),
        "carried_over": ("The lamp waited", "Your row went on after a freeze or a pause."),
        "on_time_month": ("A month on time", "All that was due in a calendar month came on time."),
        "loan_repaid": ("Paid back", "You paid a loan back to the last instalment."),
        "score_up_50": ("Fifty up", "Your Chhota score rose by fifty points."),
    },
    "hi": {
        "first_deposit": ("पहला सिक्का", "पहली बार कुछ बचाकर रखा।"),
        "second_pot": ("दूसरी गुल्लक", "अब दूसरी गुल्लक में भी आपकी बचत है।"),
        "streak_7_days": ("एक हफ़्ता", "लगातार सात दिन।"),
        "streak_30_days": ("तीस दिन", "लगातार तीस दिन।"),
        "streak_100_days": ("सौ दिन", "लगातार सौ दिन।"),
        "streak_365_days": ("पूरा साल", "साल भर, हर दिन।"),
        "streak_4_weeks": ("चार हफ़्ते", "लगातार चार हफ़्ते।"),
        "streak_12_weeks": ("बारह हफ़्ते", "लगातार बारह हफ़्ते।"),
        "streak_26_weeks": ("आधे साल के हफ़्ते", "लगातार छब्बीस हफ़्ते।"),
        "streak_52_weeks": ("साल भर के हफ़्ते", "साल भर, हर हफ़्ते।"),
        "streak_3_months": ("तीन महीने", "लगातार तीन महीने।"),
        "streak_6_months": ("छह महीने", "लगातार छह महीने।"),
        "streak_12_months": ("बारह महीने", "साल भर, हर महीने।"),
        "halfway": ("आधा रास्ता", "आपकी एक गुल्लक आधी भर गई।"),
        "target_reached": ("भरी गुल्लक", "जिसके लिए बचत थी, वह पूरी हो गई।"),
        "three_pots": ("तीन भरी गुल्लकें", "तीन गुल्लकें अपने लक्ष्य तक पहुँचीं।"),
        "comeback": ("फिर से रोशन", "एक सिलसिला थमा, और नया तीन तक पहुँच गया।"),
        "carried_over": ("दीया रुका रहा", "फ़्रीज़ या विराम के बाद आपका सिलसिला आगे बढ़ा।"),
        "on_time_month": ("समय पर पूरा महीना", "महीने में जो कुछ तय था, सब समय पर हुआ।"),
        "loan_repaid": ("पूरा चुकाया", "आख़िरी किस्त तक एक ऋण चुका दिया।"),
        "score_up_50": ("पचास ऊपर", "आपका छोटा स्कोर पचास अंक बढ़ा।"),
    },
}


def title(code: str, language: str = DEFAULT) -> str:
    """The badge's name. A language that is not known is English; KeyError for a code that is not."""
    return WORDS.get(language, WORDS[DEFAULT])[code][0]


def description(code: str, language: str = DEFAULT) -> str:
    """What the badge was earned for, in a sentence; languages and errors as for ``title``."""
    return WORDS.get(language, WORDS[DEFAULT])[code][1]
