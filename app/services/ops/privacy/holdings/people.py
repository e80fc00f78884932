"""Who somebody is, and from where they sign in."""

from __future__ import annotations

from datetime import timedelta

from app.services.ops.privacy.holding import Holding, Section, columns

LEDGER = "what stands in the ledger is theirs, and the law has its books kept"
EVIDENCE = "it shows that what was done with their data was agreed to"
SECRET = "a secret: whoever has it signs in"  # noqa: S105

HOLDINGS = (
    Holding(
        "users",
        "Accounts: name, address, number, choices",
        Section(
            "profile",
            columns(
                "id",
                "name",
                "email",
                "phone",
                "role",
                "status",
                "kyc_status",
                "email_verified_at",
                "phone_verified_at",
                "time_zone",
                "time_zone_next",
                "time_zone_from",
                "language",
                "display_name",
                "leaderboard_opt_in",
                "notification_preferences",
                "quiet_from",
                "quiet_until",
                "created_at",
                "terms_version",
                "privacy_version",
                "train_on_history",
            ),
            "FROM users t WHERE t.id = %(user)s",
            whole=True,
        ),
        withheld={
            "password_hash": SECRET,
            "email_key": "the address again, folded, for looking it up",
            "kyc_file": "where a document lies in the store; a key, not a fact about anybody",
        },
        # A pseudonym instead of a person: the id alone is left, and the zone in which the kept days were counted.
        erased=(
            "UPDATE users SET name = 'Erased', email = %(address)s, email_key = %(address)s, phone = NULL,"
            " password_hash = NULL, role = 'saver', status = 'erased', kyc_status = 'none', kyc_file = NULL,"
            " email_verified_at = NULL, phone_verified_at = NULL, language = 'en', display_name = NULL,"
            " leaderboard_opt_in = false, notification_preferences = '{}', quiet_from = DEFAULT, quiet_until = DEFAULT,"
            " train_on_history = false WHERE id = %(user)s",
        ),
        stays=f"under a pseudonym: {LEDGER}",
    ),
    Holding(
        "past_time_zones",
        "Time zones that an account had before",
        Section(
            "time_zones_before",
            columns("until", "time_zone", "time_zone_next", "time_zone_from"),
            "FROM past_time_zones t WHERE t.user_id = %(user)s ORDER BY t.until",
        ),
        stays="the days of kept movements were counted in them",
    ),
    Holding(
        "nominees",
        "Whom somebody named to receive their savings",
        Section(
            "nominee",
            columns("name", "relation", "born_on", "guardian", "phone", "email", "changed_at"),
            "FROM nominees t WHERE t.user_id = %(user)s",
            whole=True,
        ),
        erased=("DELETE FROM nominees WHERE user_id = %(user)s",),
    ),
    Holding(
        "consents",
        "What somebody agreed to and did not, when and how",
        Section(
            "consents",
            columns("purpose", "version", "given", "at", "how"),
            "FROM consents t WHERE t.user_id = %(user)s ORDER BY t.at, t.id",
        ),
        withheld={"id": "a number of ours"},
        stays=EVIDENCE,
    ),
    Holding(
        "refresh_families",
        "Sign-ins, with the program and system they came from",
        Section(
            "sign_ins",
            columns("kind", "device", "created_at", "last_used_at", "expires_at", "revoked_at", "revoked_for"),
            "FROM refresh_families t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld=dict.fromkeys(("id", "current_jti", "current_issued_at", "previous_jti", "rotated_at"), SECRET),
        erased=("DELETE FROM refresh_families WHERE user_id = %(user)s",),
        kept=timedelta(days=90),
        counted="after they ended",
    ),
    Holding(
        "push_devices",
        "Phones and browsers that take notifications",
        Section(
            "devices",
            columns("kind", "created_at"),
            "FROM push_devices t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld={
            "id": "a number of ours",
            "family_id": SECRET,
            "address": "whoever has it can send to this device",
            "keys": "whoever has them can send to this browser",
        },
        erased=("DELETE FROM push_devices WHERE user_id = %(user)s",),
    ),
)
