from __future__ import annotations

import pytest

import config as settings
from app.cli.settings import masked


def test_the_example_is_printed_as_it_is_committed(flask) -> None:
    result = flask("settings", "example")
    assert (result.exit_code, result.stdout) == (0, settings.example())


def test_show_names_each_setting_its_value_and_its_source(flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings, "origins", lambda: {"MAX_JARS": ("7", ".env"), "SECRET_KEY": ("kept quiet", ".env")})
    result = flask("settings", "show")
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in result.stdout.splitlines()}
    assert lines.keys() == settings.NAMES
    assert lines["MAX_JARS"] == "7  [.env]"
    assert lines["CURRENCY"] == "INR  [default]"
    assert lines["SECRET_KEY"] == "***  [.env]"
    assert lines["S3_ENDPOINT_URL"] == "(empty)  [default]"


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("", "(empty)"),
        ("q7Vx2mKp9RtYb4Nw", "***"),
        ("postgresql://role:pw-1@db:5432/chhota?password=pw-2#pw-3", "postgresql://***@db:5432/chhota"),
        ("redis://:pw-1@redis/0", "redis://***@redis/0"),
        ("https://pw-1@sentry.example/5", "https://***@sentry.example/5"),
        ("redis://redis:x/0", "***"),
    ],
)
def test_masks(secret: str, shown: str) -> None:
    assert masked(secret) == shown
    assert "pw-" not in masked(secret)
