import re
from pathlib import Path

from app.blueprints.web.navigation import BAR, page_at
from app.services.notifications.kinds import KINDS

LINK = re.compile(r'<li><a href="([^"]+)"( aria-current="(?:page|true)")?><svg.*?</svg>([^<]+)</a></li>', re.DOTALL)


def bar(page):
    return LINK.findall(page.text.partition('<nav class="nav"')[2].partition("</nav>")[0])


def test_every_place_in_the_bar_is_there(asha):
    """Entries whose pages do not exist are left out, so that none leads nowhere."""
    shown = bar(asha.get("/dashboard"))
    assert [path for path, _, _ in shown] == [path for path, _, _ in BAR if asha.get(path).status_code == 200]
    assert len(shown) >= 4


def test_the_place_where_one_is_is_marked(asha):
    for path, _, word in bar(asha.get("/dashboard")):
        assert [(at, name) for at, here, name in bar(asha.get(path)) if here] == [(path, word)]
    assert not any(here for _, here, _ in bar(asha.get("/notifications")))


def test_within_a_jar_the_jars_are_marked(asha, saver):
    marked = [(here, name) for _, here, name in bar(asha.get(f"/jars/{saver.jar()}")) if here]
    assert marked == [(' aria-current="true"', "Jars")], "below it, and not the page itself"


def test_help_is_a_part_of_ones_own_pages(asha):
    for path in ("/support", "/support/new"):
        page = asha.get(path)
        assert [(here, name) for _, here, name in bar(page) if here] == [(' aria-current="true"', "Me")]
    assert 'class="crumb" href="/profile"' in asha.get("/support").text


def test_strangers_have_neither_bar_nor_bell(visitor):
    page = visitor.get("/").text
    assert '<nav class="nav"' not in page
    assert "/notifications" not in page


def test_a_page_that_is_none(app):
    with app.app_context():
        assert page_at("/dashboard") == "/dashboard"
        assert page_at("/nowhere") is None
        assert page_at("/logout") is None, "it takes forms alone"


def test_every_icon_that_data_names_is_drawn(app):
    """Those that templates name themselves are looked for in tests/static."""
    sprite = (Path(app.root_path) / "templates" / "components" / "icons.html").read_text(encoding="utf-8")
    of_kinds = app.jinja_env.get_template("components/notices.html").module.KIND_ICONS
    assert set(of_kinds) == set(KINDS)
    for icon in [*of_kinds.values(), *(icon for _, _, icon in BAR)]:
        assert f'<symbol id="i-{icon}"' in sprite
