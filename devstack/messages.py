"""`make messages`: the catalogues of what savers read, brought up to the sources and compiled.

The program's English is the key of each message. ``app/translations/<locale>/LC_MESSAGES/messages.po`` is what people
edit; the .mo beside it, which the program reads, is committed too, so that nothing has to be built to run.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
TRANSLATIONS = ROOT / "app" / "translations"
#: Beside gettext's own functions: where the program writes a sentence, and which argument it is.
KEYWORDS = DEFAULT_KEYWORDS | {
    "Sentence": None,
    "DomainError": (2,),
    "Unavailable": None,
    "NotFound": None,
    "Given": None,
}


def extracted() -> Catalog:
    """All messages of the sources, without translations."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog(project="Chhota", charset="utf-8", fuzzy=False)
    found = extract_from_dir(ROOT, methods, options, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True)
    for name, line, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        catalog.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalog


def read(locale: str) -> Catalog:
    """The catalogue of ``locale`` as it stands in its .po."""
    with (TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def compiled(catalog: Catalog) -> bytes:
    """The bytes of the .mo."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def translated(message: Message) -> bool:
    """Whether each form of it has its words."""
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return all(form and form.strip() for form in forms)


def main() -> None:
    """Bring each catalogue up to the sources, compile it, and say what is missing."""
    template = extracted()
    for path in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")):
        locale = path.parts[-3]
        catalog = read(locale)
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        with path.open("wb") as file:
            write_po(file, catalog, width=120, ignore_obsolete=True, include_lineno=False)
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        missing = [one.id for one in catalog if one.id and not translated(one)]
        print(f"{locale}: {len(catalog)} messages, {len(missing)} without a translation")
        for key in missing:
            print(f"  {key}")


if __name__ == "__main__":
    main()
