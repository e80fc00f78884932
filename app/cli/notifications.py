"""`flask notifications`: keys for push to browsers."""

from __future__ import annotations

import click

from app.cli.refusals import Commands
from app.integrations.web_push import make_keys

group = Commands("notifications", help="What leaves for savers.")


@group.command("vapid", with_appcontext=False)
def vapid() -> None:
    """Print a new pair of keys for push to browsers, as settings. Browsers that subscribed under another are lost."""
    private, public = make_keys()
    click.echo(f"VAPID_PRIVATE_KEY={private}\nVAPID_PUBLIC_KEY={public}")
