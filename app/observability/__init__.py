"""What the program says about itself: log lines, request ids, metrics and error reports.

Three nets keep personal data out of all of them: only keys on an allow-list are written, the messages of exceptions
never are, and what looks like a PAN, Aadhaar, phone, e-mail, token or named secret is replaced.

``get_logger().info("deposit_posted", jar_id=jar.id)``: an event is a name in snake_case, values go into keys.
"""

from app.observability.logs import get_logger, init_logging
from app.observability.requests import init_app
from app.observability.scope import bind_user, current_request_id
from app.observability.sentry import init_sentry
from app.observability.tasks import init_celery, task_headers

__all__ = [
    "bind_user",
    "current_request_id",
    "get_logger",
    "init_app",
    "init_celery",
    "init_logging",
    "init_sentry",
    "task_headers",
]
