"""Facts of the business that stop a use case. They know nothing of HTTP: each edge maps ``code`` once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.sentences import Sentence


class DomainError(Exception):
    """A named refusal.

    ``code`` is stable and snake_case; ``message`` is a plain sentence for a person; ``errors`` binds sentences to the
    fields they are about. Sentences with values in them are of ``Sentence``, so that an edge can say them in the
    reader's language; plain ones are keys of the catalogues.
    """

    #: What else an answer says of it, by name: plain JSON values, and sentences for a person.
    facts: Mapping[str, Any] = {}

    def __init__(self, code: str, message: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.errors = {field: list(sentences) for field, sentences in (errors or {}).items()}


class NotFound(DomainError):
    """What was asked for does not exist, or belongs to somebody else: the answer is the same."""

    def __init__(self, message: str = Sentence("There is nothing here under that address.")) -> None:
        super().__init__("not_found", message)


class Invalid(DomainError):
    """A value breaks a rule that can be stated beside its field."""

    def __init__(self, errors: Mapping[str, Sequence[str]], code: str = "validation_error") -> None:
        super().__init__(code, Sentence("Some values cannot be used; see errors."), errors)


class Unavailable(DomainError):
    """A part that the call needs is down or too busy; the same call may go through later.

    ``retry_after`` is in seconds.
    """

    def __init__(self, message: str, code: str = "temporarily_unavailable", retry_after: int = 2) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class TooMany(DomainError):
    """There were too many tries of this kind; the same may go through after ``retry_after`` seconds."""

    def __init__(
        self,
        retry_after: int,
        message: str = Sentence("There were many tries in a short time. Wait a moment, then try again."),
    ) -> None:
        super().__init__("rate_limited", message)
        self.retry_after = max(1, retry_after)
