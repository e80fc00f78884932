"""Passwords and keys of this installation: generated once, kept in one file that only its owner can read."""

from __future__ import annotations

import base64
import json
import os
import secrets as generator
from pathlib import Path

from devstack.errors import StackError

# Neither 0 and o nor 1, i and l: people type these.
READABLE = "23456789abcdefghjkmnpqrstuvwxyz"
NAMES = (
    "postgres_superuser",
    "postgres_owner",
    "postgres_app",
    "redis",
    "s3_access_key_id",
    "s3_secret_access_key",
    "s3_encryption",
    "secret_key",
    "jwt_secret_key",
)
READABLE_NAMES = ("demo_saver", "demo_admin")
# In the form that authenticator apps take, and in that of an encryption key.
TOTP_NAME, FERNET_NAME = "demo_admin_totp", "encryption_key"
# Two halves of one pair: what signs push to browsers, and what browsers are shown.
PAIR = ("vapid_private_key", "vapid_public_key")


def _readable() -> str:
    """79 bits in four groups of four, such as ``k7mq-v2xe-98ab-hw3c``."""
    return "-".join("".join(generator.choice(READABLE) for _ in range(4)) for _ in range(4))


def load(file: Path) -> dict[str, str]:
    """The secrets in ``file``; those that are missing are generated and written, mode 600.

    Raises StackError where the file is not what this module writes.
    """
    known: dict[str, str] = {}
    if file.exists():
        try:
            known = {str(name): str(value) for name, value in json.loads(file.read_text(encoding="utf-8")).items()}
        except (ValueError, AttributeError) as error:
            raise StackError(
                f"{file} is damaged: put back a copy of it, or run `make clean` to begin again without the data."
            ) from error
        file.chmod(0o600)
    missing = [name for name in (*NAMES, *READABLE_NAMES, TOTP_NAME, FERNET_NAME) if not known.get(name)]
    for name in missing:
        known[name] = _new(name)
    if not all(known.get(name) for name in PAIR):
        known |= dict(zip(PAIR, _key_pair(), strict=True))
        missing += PAIR
    if missing:
        write_private(file, json.dumps(known, indent=2) + "\n")
    return known


def _new(name: str) -> str:
    if name in READABLE_NAMES:
        return _readable()
    if name == TOTP_NAME:
        return base64.b32encode(generator.token_bytes(20)).decode()
    if name == FERNET_NAME:
        return base64.urlsafe_b64encode(generator.token_bytes(32)).decode()
    return generator.token_hex(24)


def _key_pair() -> tuple[str, str]:
    """A private key of P-256 and its public half, in base64url without padding."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = ec.generate_private_key(ec.SECP256R1())
    halves = (
        key.private_numbers().private_value.to_bytes(32, "big"),
        key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    )
    private, public = (base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in halves)
    return private, public


def write_private(file: Path, text: str) -> None:
    """Replace ``file`` atomically by one with mode 600; a reader sees the old or the new text, never a part."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
