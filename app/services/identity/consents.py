"""What a person agreed to: kept as it was said, the newest of each purpose counts.

The terms and the privacy notice come with having an account. What is beyond that (marketing, learning from one's
history) is off until somebody turns it on, and goes off as easily.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import uuid_utils.compat as uuids

from app.errors import Invalid
from app.sentences import Sentence
from app.services.audit import log as audit
from app.services.identity import policies
from app.transactions import fetch, queue

#: What an account cannot be had without; and what is a saver's own choice, with the number of its wording.
REQUIRED: Final = ("terms", "privacy")
CHOICES: Final = {"marketing": "1", "training": "1"}
SIGNUP, ASKED, PROFILE, API = "signup", "asked", "profile", "api"
INSERT: Final = (
    "INSERT INTO consents (id, user_id, purpose, version, given, at, how) VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
NEWEST: Final = (
    "SELECT DISTINCT ON (purpose) purpose, version, given, at, how FROM consents WHERE user_id = %s"
    " ORDER BY purpose, at DESC, id DESC"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one purpose stands. ``version`` and what follows are None where nothing was said yet: that is a no.

    ``current``: the version that counts now. ``due``: an account needs an answer to it.
    """

    purpose: str
    required: bool
    given: bool
    version: str | None
    at: datetime | None
    how: str | None
    current: str

    @property
    def due(self) -> bool:
        """Whether the person has yet to agree to what counts now."""
        return self.required and not (self.given and self.version == self.current)


def standing(user_id: UUID, *, at: datetime) -> list[Standing]:
    """Every purpose, in one order."""
    said = {row[0]: row[1:] for row in fetch(NEWEST, (user_id,))}
    found = []
    for purpose in (*REQUIRED, *CHOICES):
        number, given, when, how = said.get(purpose, (None, False, None, None))
        found.append(Standing(purpose, purpose in REQUIRED, given, number, when, how, _current(purpose, at)))
    return found


def due(terms_version: str | None, privacy_version: str | None, *, at: datetime) -> list[str]:
    """Which of the two texts the holder of these versions has yet to agree to."""
    held = {"terms": terms_version, "privacy": privacy_version}
    return [policy for policy in REQUIRED if held[policy] != policies.current(policy, at).number]


def versions(at: datetime) -> tuple[str, str]:
    """Of the terms and of the privacy notice, those that count at ``at``."""
    terms, privacy = (policies.current(policy, at).number for policy in REQUIRED)
    return terms, privacy


def keep_signup(user_id: UUID, *, how: str, at: datetime) -> None:
    """Keep that somebody agreed by making their account, whose row has the versions already."""
    for policy, number in zip(REQUIRED, versions(at), strict=True):
        queue(INSERT, (uuids.uuid7(), user_id, policy, number, True, at, how))


def say(user_id: UUID, said: Mapping[str, str | bool], *, how: str, at: datetime, actor: str = "saver") -> None:
    """Keep what the person says: for a text the number of the version agreed to, for a choice yes or no.

    What is the same as before is not kept again. Raises Invalid for a version that does not count now.
    """
    before = {one.purpose: one for one in standing(user_id, at=at)}
    wrong = {
        policy: [Sentence("This is not the version that counts now.")]
        for policy in REQUIRED
        if policy in said and said[policy] != before[policy].current
    }
    if wrong:
        raise Invalid(wrong)
    for purpose, answer in said.items():
        given = True if purpose in REQUIRED else bool(answer)
        if given == before[purpose].given and (not given or before[purpose].version == before[purpose].current):
            continue
        _keep(user_id, purpose, before[purpose].current, given, how=how, at=at)
        audit.record(
            "consent_given" if given else "consent_withdrawn",
            subject_type="user",
            subject_id=user_id,
            at=at,
            actor_id=user_id,
            actor=actor,
            details={"purpose": purpose, "version": before[purpose].current},
        )


def _keep(user_id: UUID, purpose: str, number: str, given: bool, *, how: str, at: datetime) -> None:
    queue(INSERT, (uuids.uuid7(), user_id, purpose, number, given, at, how))
    # What every page and every training asks stands in the person's own row.
    if purpose in REQUIRED:
        queue(f"UPDATE users SET {purpose}_version = %s WHERE id = %s", (number, user_id))  # noqa: S608
    elif purpose == "training":
        queue("UPDATE users SET train_on_history = %s WHERE id = %s", (given, user_id))


def _current(purpose: str, at: datetime) -> str:
    return CHOICES[purpose] if purpose in CHOICES else policies.current(purpose, at).number
