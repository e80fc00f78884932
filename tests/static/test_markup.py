"""What the pages promise of their markup: nothing inline, every drawing exists, light for a slow phone."""

import gzip
import re
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
TEMPLATES = APP / "templates"
STATIC = APP / "static"
WEB_TEMPLATES = sorted(p for p in TEMPLATES.rglob("*.html") if p.relative_to(TEMPLATES).parts[0] != "email")
COMMENT = re.compile(r"{#.*?#}", re.DOTALL)

FIRST_VIEW = 60_000  # bytes, compressed: styles, script, fonts and the page itself
PAGE = 8_000  # of it, for the page


def markup(path: Path) -> str:
    """The template without its comments."""
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WEB_TEMPLATES, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_nothing_is_inline(path: Path) -> None:
    source = markup(path)
    assert not re.search(r"\sstyle\s*=", source)
    assert "<style" not in source
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"<[a-z][^>]*\son[a-z]+\s*=", source)
    assert "javascript:" not in source


def test_no_style_or_script_comes_from_elsewhere() -> None:
    for path in [*WEB_TEMPLATES, *STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")]:
        source = markup(path)
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", source), path.name
        assert not re.search(r"""url\(\s*["']?(?:https?:)?//|@import""", source), path.name


def test_every_drawing_that_is_used_is_in_the_sprite() -> None:
    sprite = markup(TEMPLATES / "components" / "icons.html")
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    lamps = markup(TEMPLATES / "components" / "lamps.html")
    states = re.findall(r'state == "(\w+)"', lamps.split("macro lamp_word")[1].split("endmacro")[0])
    assert len(states) == 7
    used = {f"lamp-{state}" for state in states}
    for path in WEB_TEMPLATES:
        used |= {f"i-{name}" for name in re.findall(r'\b(?:icon|draw)\("([\w-]+)"', markup(path))}
        used |= set(re.findall(r'<use href="#([\w-]+)"', markup(path)))
    assert used - drawn == set()


FRAME = set(
    re.findall(r'"([a-z]+)"', markup(TEMPLATES / "layout" / "base.html").split("for sheet in ")[1].split("]")[0])
)


def sheets_of(path: Path) -> set[str]:
    """The style sheets that a template brings along, beside those of the frame."""
    return set(re.findall(r'filename="css/([\w-]+)\.css"', markup(path)))


def test_every_sheet_is_of_the_frame_or_of_a_page() -> None:
    assert FRAME | {sheet for path in WEB_TEMPLATES for sheet in sheets_of(path)} == {
        path.stem for path in STATIC.glob("css/*.css")
    }


def test_the_first_view_stays_light() -> None:
    """Of whichever page is seen first: its own sheets come beside those of the frame. Staff come by their own pages."""
    sheets = {path.stem: len(gzip.compress(path.read_bytes(), 6)) for path in STATIC.glob("css/*.css")}
    seen = [path for path in WEB_TEMPLATES if not {"styleguide", "ops"} & set(path.parts)]
    own = max(sum(sheets[sheet] for sheet in sheets_of(path)) for path in seen)
    text = [STATIC / "js" / "chhota.js", STATIC / "favicon.svg"]
    weight = (
        own + sum(sheets[sheet] for sheet in FRAME) + sum(len(gzip.compress(path.read_bytes(), 6)) for path in text)
    )
    weight += sum(path.stat().st_size for path in STATIC.glob("fonts/*.woff2"))
    assert weight <= FIRST_VIEW - PAGE
