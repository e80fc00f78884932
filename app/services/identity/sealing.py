"""Secrets as they are kept: encrypted with the first of ENCRYPTION_KEYS, readable with any of them.

A key is changed by putting a new one in front; what is sealed with an older one is sealed anew when it is next used, or
all at once by `flask two-factor reseal`. After that the older key can go.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


def seal(secret: str) -> str:
    """``secret``, encrypted."""
    return _keys().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises ValueError where no key of this installation opens it."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise ValueError("sealed with a key that this installation does not have") from None


def reseal(sealed: str) -> str:
    """The same under the newest key. Raises ValueError."""
    return seal(unseal(sealed))


def _keys() -> MultiFernet:
    return _fernets(current_app.config["ENCRYPTION_KEYS"], current_app.config["SECRET_KEY"])


@cache
def _fernets(keys: str, secret_key: str) -> MultiFernet:
    # Production has keys of its own (config.py); elsewhere nothing else needs to be set.
    made = urlsafe_b64encode(sha256(b"chhota.sealing" + secret_key.encode()).digest()).decode()
    return MultiFernet([Fernet(key) for key in [part.strip() for part in keys.split(",") if part.strip()] or [made]])
