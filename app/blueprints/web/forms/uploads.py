"""Identity papers and pictures, as files that are chosen or taken with the camera."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import FileStorage
from wtforms import MultipleFileField, RadioField, StringField, ValidationError

from app.blueprints.api.schemas.uploads import LONGEST_NUMBER
from app.blueprints.uploads import chosen
from app.blueprints.web.forms.fields import Given, OneLine, PageForm
from app.services.identity.kyc.papers import PAPERS


class FileForm(PageForm):
    """One file. A page may have two inputs for it, of which one is used: the camera's and the folder's."""

    file = MultipleFileField(_("The file"))

    def sent(self) -> bytes | None:
        """The one file that was chosen; None for none, and for more than one."""
        files = [one for one in self.file.data or () if isinstance(one, FileStorage)]
        found = chosen(files)
        return found[0].read() if len(found) == 1 else None


class PaperForm(FileForm):
    """An identity paper, and its number where the saver gives it."""

    document_type = RadioField(_("Which paper is it?"), [Given("Choose which paper it is.")], validate_choice=False)
    document_number = StringField(_("Its number"), [OneLine(LONGEST_NUMBER, min_length=0)])

    def validate_document_type(self, field: RadioField) -> None:
        """One of those that there are. Raises ValidationError."""
        if field.data not in PAPERS:
            raise ValidationError(gettext("Choose which paper it is."))
