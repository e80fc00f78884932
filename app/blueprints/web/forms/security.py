"""Forms about getting into an account."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import PasswordField, StringField

from app.blueprints.web.forms.fields import Given, OneLine, PageForm
from app.blueprints.web.forms.kept import KeptForm

CURRENT = _("Your password")


def _password(label: Any, missing: str) -> PasswordField:
    return PasswordField(label, [Given(missing), OneLine(1024, strip=False)])


class BareForm(PageForm):
    """A button alone, with the page's token."""


class ConfirmForm(PageForm):
    """The password again; ``otp`` where two-factor sign-in is on."""

    password = _password(CURRENT, "Enter your password.")
    otp = StringField(_("Code"), [OneLine(32, min_length=0)])


class PasswordForm(PageForm):
    """The password that counts, and the one that shall."""

    current_password = _password(_("Your password now"), "Enter your password.")
    new_password = _password(_("Your new password"), "Choose a password of 10 characters or more.")


class ForgotForm(PageForm):
    """The address of an account."""

    email = StringField(_("E-mail"), [Given("Enter your e-mail address, like asha@example.org."), OneLine(254)])


class ResetForm(PageForm):
    """A new password."""

    password = _password(_("Your new password"), "Choose a password of 10 characters or more.")


class EmailForm(KeptForm):
    """Another address."""

    email = StringField(_("E-mail"), [Given("Enter your e-mail address, like asha@example.org."), OneLine(254)])


class PhoneForm(KeptForm):
    """Another number."""

    phone = StringField(_("Mobile number"), [Given("Enter your mobile number, ten digits."), OneLine(32)])


class PhoneCodeForm(PageForm):
    """The digits of an SMS."""

    code = StringField(_("Code"), [Given("Enter the six digits."), OneLine(16)])


class AppCodeForm(PageForm):
    """The digits that the authenticator app shows."""

    code = StringField(_("Code of your app"), [Given("Enter the six digits."), OneLine(16)])


class PasswordAndCodeForm(PageForm):
    """What it takes to change the second factor."""

    password = _password(CURRENT, "Enter your password.")
    otp = StringField(_("Code of your app"), [Given("Enter the code."), OneLine(32)])
