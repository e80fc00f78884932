"""The WSGI and the Celery application: `gunicorn wsgi:app`, `celery -A wsgi:celery`."""

import sys

from app.cli.unconfigured import stand_in
from app.extensions import celery
from app.factory import create_app
from config import SettingsError

try:
    app = create_app()
except SettingsError as error:
    app = stand_in(error) or sys.exit(str(error))

__all__ = ["app", "celery"]
