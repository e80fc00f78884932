"""What calls that take a file take and answer."""

from __future__ import annotations

from typing import Any

from flask import get_template_attribute
from marshmallow import ValidationError, fields, validate
from werkzeug.datastructures import FileStorage

from app.blueprints.api.schemas.base import StrictSchema, StrictString, UtcDateTime
from app.sentences import Sentence
from app.services.identity.kyc.papers import PAPER_STATES, PAPERS, REASONS
from app.services.identity.profile import KYC_STATES

LONGEST_NUMBER = 32


class FileField(fields.Field[bytes]):
    """One file of a form, as its bytes. Its name and the type that the sender gives it are not looked at."""

    is_file = True
    default_error_messages = {"required": Sentence("Choose one file that is not empty.")}  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=True, metadata={"type": "string", "format": "binary"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:
        if not isinstance(value, FileStorage):
            raise ValidationError(self.error_messages["required"])
        return value.read()


class FileSchema(StrictSchema):
    """The file."""

    file = FileField()


class PaperFileSchema(FileSchema):
    """An identity paper, of which kind it is, and its number where the saver gives it."""

    document_type = StrictString(
        required=True,
        max_length=16,
        validate=validate.OneOf(PAPERS, error=Sentence("Choose one of: %(choices)s.", choices=", ".join(PAPERS))),
    )
    document_number = StrictString(max_length=LONGEST_NUMBER, min_length=0, load_default=None)


class SentPaperSchema(StrictSchema):
    """A paper as it was taken in."""

    id = fields.UUID(required=True)
    document_type = fields.String(required=True, validate=validate.OneOf(PAPERS))
    status = fields.String(required=True, validate=validate.OneOf([s for s in PAPER_STATES if s != "replaced"]))
    uploaded_at = UtcDateTime(required=True)


class SentPaperAnswerSchema(StrictSchema):
    """A paper, wrapped."""

    kyc = fields.Nested(SentPaperSchema, required=True)


class PaperSchema(SentPaperSchema):
    """A paper with what came of it. ``number`` is masked; ``reason`` is there where it was not accepted."""

    number = fields.String(required=True, allow_none=True, attribute="number_masked")
    reason = fields.String(required=True, allow_none=True, validate=validate.OneOf([*REASONS, None]))
    reason_text = fields.Function(
        lambda paper: paper_reason(paper.reason),
        metadata={"type": ["string", "null"], "description": "What was the matter, and what to do."},
    )
    decided_at = UtcDateTime(required=True, allow_none=True)


def paper_reason(code: str | None) -> str | None:
    """Why a paper was not accepted, and what to do, in the reader's language; the page says the same."""
    if code is None:
        return None
    return " ".join(str(get_template_attribute("identity/paper_words.html", "paper_reason")(code)).split())


class KycStandingSchema(StrictSchema):
    """Where the saver stands, and every paper that was not replaced, newest first."""

    status = fields.String(required=True, validate=validate.OneOf(KYC_STATES))
    documents = fields.List(fields.Nested(PaperSchema), required=True, attribute="papers")


class LinkSchema(StrictSchema):
    """An address that shows a picture, to whoever has it, for so many seconds."""

    url = fields.String(required=True)
    expires_in = fields.Integer(required=True)


class PhotoAnswerSchema(StrictSchema):
    """The saver's photo."""

    photo = fields.Nested(LinkSchema, required=True)


class PictureAnswerSchema(StrictSchema):
    """The picture of a jar."""

    picture = fields.Nested(LinkSchema, required=True)
