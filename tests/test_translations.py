"""The catalogues against the sources: what savers read is there in every language, whole and current."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment, nodes

from devstack import messages
from tests import hindi

LOCALES = sorted(path.name for path in messages.TRANSLATIONS.iterdir())
PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
TAG = re.compile(r"</?[a-z][^>]*>")
# A key in quotes of its own kind, or a stray bracket, would end an attribute or begin a tag.
DANGEROUS = re.compile(r'[<>"]|&(?!\w+;)')


def both(message: Message) -> list[tuple[str, str]]:
    """Each form of a message with its translation."""
    if message.pluralizable:
        return list(zip(message.id, message.string, strict=True))
    return [(message.id, message.string)]


def key(message: Message) -> tuple[str | None, str | tuple[str, str]]:
    """What a message is known by."""
    return message.context, message.id


@pytest.fixture(scope="module", params=LOCALES)
def catalogue(request):
    return messages.read(request.param)


@pytest.fixture(scope="module")
def sources():
    return messages.extracted()


def said(catalogue):
    return [one for one in catalogue if one.id]


def test_hindi_is_there():
    assert LOCALES == ["hi"]


def test_every_message_of_the_sources_is_translated(catalogue, sources):
    known = {key(one) for one in said(catalogue) if messages.translated(one)}
    assert [key(one) for one in said(sources) if key(one) not in known] == [], "run `make messages` and translate these"


def test_nothing_is_kept_that_the_sources_do_not_say(catalogue, sources):
    asked = {key(one) for one in said(sources)}
    assert [key(one) for one in said(catalogue) if key(one) not in asked] == [], "run `make messages`"
    assert list(catalogue.obsolete) == []


def test_nothing_is_fuzzy(catalogue):
    assert [one.id for one in catalogue if one.fuzzy] == []


def test_the_compiled_catalogue_is_that_of_the_sources(catalogue):
    path = messages.TRANSLATIONS / str(catalogue.locale) / "LC_MESSAGES" / "messages.mo"
    assert path.read_bytes() == messages.compiled(catalogue), "run `make messages`"


def test_translations_have_the_same_placeholders_and_tags(catalogue):
    for message in said(catalogue):
        for english, text in both(message):
            # One of a thing may be said without its number.
            own, theirs = set(PLACEHOLDER.findall(text)), set(PLACEHOLDER.findall(english))
            assert own - {"num"} == theirs - {"num"}, english
            assert "num" not in own or message.pluralizable, english
            assert sorted(TAG.findall(text)) == sorted(TAG.findall(english)), english
            assert (text[:1].isspace(), text[-1:].isspace()) == (english[:1].isspace(), english[-1:].isspace()), english


def test_several_are_said_with_their_number(catalogue):
    assert [one.id for one in said(catalogue) if one.pluralizable and "%(num)s" not in one.string[-1]
            and "%(num)s" in one.id[-1]] == []  # fmt: skip


def test_no_translation_breaks_an_attribute(catalogue):
    for message in said(catalogue):
        if all(location[0].endswith(".html") for location in message.locations):
            for _, text in both(message):
                assert not DANGEROUS.search(TAG.sub("", text)), text


def test_hindi_is_in_its_own_script_with_western_digits():
    for message in said(messages.read("hi")):
        for english, text in both(message):
            assert not re.search("[०-९]", text), english
            plain = PLACEHOLDER.sub("", TAG.sub("", text))
            assert re.search("[\u0900-\u097f]", plain) or not re.search(r"[A-Za-z]", PLACEHOLDER.sub("", english)), (
                english
            )


# ---- templates, also the branches that no test opens ----

TEMPLATES = Path(__file__).parents[1] / "app" / "templates"
# Letters and notices have a file of their own for each language; two pages are for programmers, the console for staff.
NOT_SPOKEN = {"api", "email", "ops", "styleguide"}
PAGES = [path for path in sorted(TEMPLATES.rglob("*.html")) if path.relative_to(TEMPLATES).parts[0] not in NOT_SPOKEN]
COMMENT, VALUE, TAGS = (re.compile(shape, re.DOTALL) for shape in ("{#.*?#}", "{{.*?}}", "{%.*?%}"))
#: Attributes, kinds and states that look like words.
CODE = {
    "required",
    "main-centred",
    "good mind wait",
    "-hint ",
    "English",
    "CSRFTokenField",
    "HiddenField",
    "badge ",
    "undo ",
    "off away",
}
LOOKS_SPOKEN = re.compile(r"[A-Za-z]{2,}[,.:?!’]? |^[A-Z][a-z]+")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_speaks_english_by_itself(path):
    source = COMMENT.sub("", path.read_text(encoding="utf-8"))
    shown = hindi.english_in(TAGS.sub(" ", VALUE.sub("x ", source)))
    assert [text for text in shown if text.strip("x ") not in CODE] == []
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(source)
    spoken = {
        id(key)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext", "pgettext"}
        for key in call.args
    }
    strings = [one.value for one in tree.find_all(nodes.Const) if id(one) not in spoken and isinstance(one.value, str)]
    assert [text for text in strings if LOOKS_SPOKEN.search(text) and text not in CODE] == []
