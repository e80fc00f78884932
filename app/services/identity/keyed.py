"""What is made of a value with a key of this installation: nobody without the key can make it or look it up.

So the database holds no token, no code and no address behind a digest that could be tried out.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

CODE_DIGITS = 6


def digest(purpose: str, *parts: object) -> bytes:
    """32 bytes that stand for ``parts``; other ones for another ``purpose``."""
    # A length before each: two lists of parts never read alike.
    text = b"".join(len(piece).to_bytes(4) + piece for piece in (str(part).encode() for part in (purpose, *parts)))
    return hmac.digest(current_app.config["SECRET_KEY"].encode(), b"chhota.keyed.1" + text, "sha256")


def token(purpose: str, proof_id: UUID) -> str:
    """What stands in the link of a letter about ``proof_id``; it is made when the letter is written, and not kept."""
    return str(_signer(purpose).dumps(proof_id.hex))


def read_token(purpose: str, text: str) -> UUID | None:
    """Which proof ``text`` is about; None where it was not made here for this ``purpose``."""
    try:
        return UUID(_signer(purpose).loads(text))
    except (BadSignature, ValueError, TypeError, AttributeError):
        return None


def code(proof_id: UUID) -> str:
    """The digits that were sent about ``proof_id``, made again."""
    return f"{int.from_bytes(digest('phone-code', proof_id)[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        current_app.config["SECRET_KEY"], salt=f"proof.{purpose}", signer_kwargs={"digest_method": sha256}
    )
