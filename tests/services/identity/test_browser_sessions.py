from datetime import UTC, datetime, timedelta

import pytest

from app.services.identity import sign_in
from app.services.identity.browser_sessions import keep_open
from app.transactions import fetch, run
from tests.factories import Saver

pytestmark = pytest.mark.usefixtures("context")


def ends(family):
    return run(lambda: fetch("SELECT expires_at, revoked_at FROM refresh_families WHERE id = %s", (family,)))[0]


def opened(saver: Saver, kind: str = "web"):
    family = run(lambda: sign_in.open_family(saver.id, kind=kind, device=None)).family_id
    soon = datetime.now(UTC) + timedelta(hours=1)
    run(lambda: fetch("UPDATE refresh_families SET expires_at = %s WHERE id = %s RETURNING 1", (soon, family)))
    return family


def test_it_lives_on(saver, app):
    family = opened(saver)
    run(lambda: keep_open(family))
    left = ends(family)[0] - datetime.now(UTC)
    assert timedelta(days=app.config["SESSION_DAYS"]) - left < timedelta(minutes=1)


def test_one_that_was_ended_stays_ended(saver):
    family = opened(saver)
    run(lambda: sign_in.sign_out([family]))
    before = ends(family)
    run(lambda: keep_open(family))
    assert ends(family) == before
    assert before[1] is not None


def test_one_that_has_run_out_is_not_raised(saver):
    family = opened(saver)
    past = datetime.now(UTC) - timedelta(seconds=1)
    run(lambda: fetch("UPDATE refresh_families SET expires_at = %s WHERE id = %s RETURNING 1", (past, family)))
    run(lambda: keep_open(family))
    assert ends(family)[0] == past


def test_tokens_of_the_api_have_rules_of_their_own(saver):
    family = opened(saver, kind="api")
    before = ends(family)
    run(lambda: keep_open(family))
    assert ends(family) == before
