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
                "two_factor_at",
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
            " train_on_history = false, two_factor_at = NULL WHERE id = %(user)s",
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
            columns(
                "kind",
                "device",
                "created_at",
                "last_used_at",
                "expires_at",
                "revoked_at",
                "revoked_for",
                "authenticated_at",
            ),
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
    Holding(
        "two_factor",
        "The second step of signing in",
        Section(
            "two_factor",
            columns("created_at", "confirmed_at"),
            "FROM two_factor t WHERE t.user_id = %(user)s",
            whole=True,
        ),
        withheld={"secret": SECRET, "last_step": SECRET},
        erased=("DELETE FROM two_factor WHERE user_id = %(user)s",),
    ),
    Holding(
        "external_identities",
        "Accounts at providers that open this one",
        Section(
            "external_identities",
            columns("issuer", "subject", "email", "created_at", "last_used_at"),
            "FROM external_identities t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld={"id": "a number of ours"},
        erased=("DELETE FROM external_identities WHERE user_id = %(user)s",),
    ),
    Holding(
        "recovery_codes",
        "Codes for the day the phone is gone, as digests",
        Section(
            "recovery_codes",
            columns("used_at"),
            "FROM recovery_codes t WHERE t.user_id = %(user)s ORDER BY t.used_at",
        ),
        withheld={"digest": SECRET},
        erased=("DELETE FROM recovery_codes WHERE user_id = %(user)s",),
    ),
    Holding(
        "known_devices",
        "Browsers and apps that have signed in before, as digests",
        Section(
            "known_devices",
            columns("created_at", "last_used_at"),
            "FROM known_devices t WHERE t.user_id = %(user)s ORDER BY t.created_at",
        ),
        withheld={"digest": SECRET},
        erased=("DELETE FROM known_devices WHERE user_id = %(user)s",),
        kept=timedelta(days=400),
        counted="after they were last used",
    ),
    Holding(
        "proofs",
        "Links and codes that were sent, as digests",
        Section(
            "proofs",
            columns("purpose", "own", "tries", "created_at", "expires_at", "spent_at"),
            "FROM proofs t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld={"id": SECRET, "about": "the address or number again, as a digest"},
        erased=("DELETE FROM proofs WHERE user_id = %(user)s",),
        kept=timedelta(days=2),
        counted="after they ran out: as long as they count against how many may be asked for",
    ),
    Holding(
        "account_letters",
        "Letters and SMS about the account itself",
        Section(
            "account_letters",
            columns(
                "kind", "channel", "status", "due_at", "expires_at", "attempts", "last_error", "created_at", "sent_at"
            ),
            "FROM account_letters t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld={"id": "a number of ours", "proof_id": SECRET, "address": "encrypted; gone once it was sent"},
        erased=("DELETE FROM account_letters WHERE user_id = %(user)s",),
        kept=timedelta(days=2),
        counted="after they ran out",
    ),
)
