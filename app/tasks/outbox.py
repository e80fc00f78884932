"""Who acts on what the outbox holds."""

from __future__ import annotations

from typing import Any

from app.extensions import celery

# The tasks that act on each topic; they take ``messages``, the payloads of a batch.
RECEIVERS = {
    "savings.moved": ("savings.refresh", "credit.refresh", "notifications.send_out"),
    "notifications.made": ("notifications.send_out",),
    "identity.letter_written": ("identity.send_letters",),
    "identity.password_forgotten": ("identity.find_forgotten",),
    "gamification.boards_lost": ("gamification.refresh_boards",),
    "gamification.standing_changed": ("gamification.refresh_standings", "credit.refresh"),
    "credit.model_changed": ("credit.recalculate",),
    "jobs.ordered": ("jobs.begin",),
    "uploads.leaving": ("uploads.remove",),
    "privacy.erased": ("gamification.refresh_standings",),
    "privacy.objects_left": ("privacy.remove_objects",),
    "support.asked": ("support.tell_officer",),
}


def publish(topic: str, messages: list[dict[str, Any]]) -> None:
    """Send the messages of a topic to its receivers. Raises KeyError for a topic without one."""
    for task in RECEIVERS[topic]:
        celery.send_task(task, kwargs={"messages": messages})
