"""Sign-up, sign-in and the profile."""

from __future__ import annotations

from babel import Locale
from babel.core import get_global
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import PasswordField, SelectChoice, SelectField, StringField

from app.blueprints.languages import LOCALES, language
from app.blueprints.web.forms.fields import Given, OneLine, PageForm
from app.blueprints.web.forms.kept import KeptForm

LANGUAGES = [SelectChoice("en", "English"), SelectChoice("hi", "हिन्दी")]
# Where savers live; a zone chosen through the API joins them.
TIME_ZONES = (
    "Asia/Kolkata",
    "Asia/Dubai",
    "Asia/Muscat",
    "Asia/Qatar",
    "Asia/Riyadh",
    "Asia/Kuwait",
    "Asia/Bahrain",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Colombo",
    "Asia/Singapore",
    "Asia/Kuala_Lumpur",
    "Asia/Hong_Kong",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Africa/Nairobi",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Toronto",
)


class SignUpForm(PageForm):
    """A new account."""

    name = StringField(_("Your name"), [Given("Enter your name."), OneLine(100)])
    email = StringField(_("E-mail"), [Given("Enter your e-mail address, like asha@example.org."), OneLine(254)])
    phone = StringField(_("Mobile number"), [Given("Enter your mobile number, ten digits."), OneLine(32)])
    password = PasswordField(
        _("Choose a password"), [Given("Choose a password of 10 characters or more."), OneLine(1024, strip=False)]
    )


class ProviderSignUpForm(SignUpForm):
    """A new account of somebody whom a provider vouches for: it has verified the address, and stands for a password."""

    email = None
    password = None


class LogInForm(PageForm):
    """An address or a number, with the password."""

    login = StringField(
        _("E-mail or mobile number"), [Given("Enter your e-mail address or your mobile number."), OneLine(254)]
    )
    password = PasswordField(_("Password"), [Given("Enter your password."), OneLine(1024, strip=False)])

    def names(self) -> dict[str, str]:
        """What was typed, as the address or as the number that it is."""
        return names_of(self.login.data or "")


def names_of(typed: str) -> dict[str, str]:
    """What somebody signs in with, as the address or as the number that it is."""
    return {"email": typed} if "@" in typed else {"phone": typed}


class CodeForm(PageForm):
    """A code of the authenticator app, or a recovery code."""

    otp = StringField(_("Code"), [Given("Enter the code."), OneLine(32)])


class ProfileForm(KeptForm):
    """A person's own data."""

    name = StringField(_("Your name"), [Given("Enter your name."), OneLine(100)])
    display_name = StringField(_("Name that others see"), [OneLine(40, min_length=0)])
    time_zone = SelectField(_("Time zone"))
    language = SelectField(_("Language"), choices=LANGUAGES)

    def offer_zone(self, zone: str) -> None:
        """List the zones to choose from, with ``zone`` among them."""
        names = TIME_ZONES if zone in TIME_ZONES else (zone, *TIME_ZONES)
        self.time_zone.choices = [SelectChoice(name, _place(name)) for name in names]


def _place(zone: str) -> str:
    if zone == "Asia/Kolkata":
        return gettext("India (Kolkata)")
    in_english = zone.rpartition("/")[2].replace("_", " ")
    if language() == "en":
        return in_english
    cities = Locale.parse(LOCALES[language()]).time_zones
    # Unicode's data has some places under an older name.
    names = [zone, *(older for older, newer in get_global("zone_aliases").items() if newer == zone)]
    return next((cities[name]["city"] for name in names if "city" in cities.get(name, {})), in_english)
