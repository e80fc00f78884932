"""Sign-up, sign-in and the profile."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectChoice, SelectField, StringField

from app.blueprints.web.forms.fields import Given, OneLine

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


class SignUpForm(FlaskForm):
    """A new account."""

    name = StringField("Your name", [Given("Enter your name."), OneLine(100)])
    email = StringField("E-mail", [Given("Enter your e-mail address, like asha@example.org."), OneLine(254)])
    phone = StringField("Mobile number", [Given("Enter your mobile number, ten digits."), OneLine(32)])
    password = PasswordField(
        "Choose a password", [Given("Choose a password of 10 characters or more."), OneLine(1024, strip=False)]
    )


class LogInForm(FlaskForm):
    """An address or a number, with the password."""

    login = StringField(
        "E-mail or mobile number", [Given("Enter your e-mail address or your mobile number."), OneLine(254)]
    )
    password = PasswordField("Password", [Given("Enter your password."), OneLine(1024, strip=False)])

    def names(self) -> dict[str, str]:
        """What was typed, as the address or as the number that it is."""
        typed = self.login.data or ""
        return {"email": typed} if "@" in typed else {"phone": typed}


class ProfileForm(FlaskForm):
    """A person's own data."""

    name = StringField("Your name", [Given("Enter your name."), OneLine(100)])
    email = StringField("E-mail", [Given("Enter your e-mail address, like asha@example.org."), OneLine(254)])
    phone = StringField("Mobile number", [Given("Enter your mobile number, ten digits."), OneLine(32)])
    display_name = StringField("Name that others see", [OneLine(40, min_length=0)])
    time_zone = SelectField("Time zone")
    language = SelectField("Language", choices=LANGUAGES)

    def offer_zone(self, zone: str) -> None:
        """List the zones to choose from, with ``zone`` among them."""
        names = TIME_ZONES if zone in TIME_ZONES else (zone, *TIME_ZONES)
        self.time_zone.choices = [SelectChoice(name, _place(name)) for name in names]


def _place(zone: str) -> str:
    return "India (Kolkata)" if zone == "Asia/Kolkata" else zone.rpartition("/")[2].replace("_", " ")
