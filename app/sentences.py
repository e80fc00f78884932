"""Sentences for a person, kept so that an edge can say them in the reader's language.

The program writes English, and what it writes is its own key in the catalogues (app/translations). A plain string is
such a key as it stands; one with values in it is a ``Sentence``, which still knows its parts.
"""

from __future__ import annotations

from typing import Any


class Sentence(str):
    """An English sentence with its ``key`` (named placeholders, ``%(count)s``) and ``values``.

    It is the finished English text to whoever takes it for a string. ``str()`` of it, or of an error that carries it,
    is that text alone: pass it on as it is (``error.args[0]``).
    """

    __slots__ = ("key", "values")

    key: str
    values: dict[str, Any]

    def __new__(cls, key: str, **values: Any) -> Sentence:
        """The finished text."""
        sentence = super().__new__(cls, key % values if values else key)
        sentence.key, sentence.values = key, values
        return sentence
