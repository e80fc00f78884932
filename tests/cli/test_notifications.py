from __future__ import annotations

from flask import Flask

import config as settings
from app.integrations.web_push import belong_together


def test_a_pair_of_keys_is_printed_as_settings(app: Flask) -> None:
    pairs = []
    for _ in range(2):
        result = app.test_cli_runner().invoke(args=["notifications", "vapid"])
        assert result.exit_code == 0
        values = dict(line.split("=", 1) for line in result.stdout.split())
        assert set(values) == {"VAPID_PRIVATE_KEY", "VAPID_PUBLIC_KEY"} <= settings.NAMES
        assert belong_together(values["VAPID_PRIVATE_KEY"], values["VAPID_PUBLIC_KEY"])
        pairs.append(values)
    assert pairs[0] != pairs[1]
