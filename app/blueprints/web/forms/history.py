"""What of a jar's history is shown; asked with GET, since it changes nothing."""

from __future__ import annotations

from uuid import UUID

from flask_babel import lazy_gettext as _
from wtforms import Field, SelectChoice, SelectField, ValidationError

from app.blueprints.web.forms.fields import DayField, PageForm
from app.services.savings.histories import Filter


class HistoryForm(PageForm):
    """Which kind of movement, of which local days; nothing chosen is everything."""

    class Meta:
        csrf = False

    type = SelectField(
        _("What moved"),
        choices=[
            SelectChoice("", _("Everything")),
            SelectChoice("deposit", _("Put in")),
            SelectChoice("withdraw", _("Taken out")),
            SelectChoice("reversal", _("Put right")),
        ],
        default="",
    )
    since = DayField(_("From"), name="from")
    until = DayField(_("To"), name="to")

    def validate_until(self, field: Field) -> None:
        """The days must not be the wrong way round. Raises ValidationError."""
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("This is before the first day."))

    def asked(self) -> bool:
        """Whether the address asks for less than everything."""
        return any(field.raw_data and field.raw_data[0] for field in self)

    def of(self, jar_id: UUID) -> Filter:
        """The same for the jar, once it is valid."""
        return Filter(jar_id, self.type.data or None, self.since.data, self.until.data)

    def query(self) -> dict[str, str]:
        """What an address carries to ask the same."""
        return {field.name: field.raw_data[0] for field in self if field.raw_data and field.raw_data[0]}
