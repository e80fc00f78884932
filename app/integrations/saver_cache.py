"""What is cached about a saver: every key and every time to live of it.

A kept text carries the saver's token of the moment before its rows were read, and counts while that token stands.
Each commit that changes what is kept ends that token (``forget``, ``forget_many``). So whoever read before a commit and
writes after it writes something that no one takes: between reading and keeping nothing has to be locked or compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import current_app
from redis import Redis

from app.integrations.redis_cache import backend

#: What is kept, and for how long.
LIVES = {"streaks": timedelta(hours=1), "score": timedelta(hours=1), "open_loan": timedelta(hours=1)}
# Whose texts stand with a token of their own: a movement changes no score, and a new score no streak.
_TOKENS = {"score": "score"}
_TOKEN_LIFE = 2 * max(LIVES.values())
_TOKEN_LENGTH = 32
_MOST_OWED = 10_000
_AT_ONCE = 500
NOBODY = UUID(int=0)
# Whom Redis could not be told to forget: told with the next call.
_owed: set[UUID] = set()


def key(kind: str, user_id: UUID, part: str) -> str:
    """The one builder of these keys. ``part`` says of what: a day, where the text is a fact of one day."""
    return f"{current_app.config['CACHE_KEY_PREFIX']}{kind}:{user_id}:{part}"


def remembered(kind: str, user_id: UUID, part: str, compute: Callable[[], str]) -> str:
    """The text that is kept, or ``compute()``'s, which is then kept. Without Redis it is computed each time."""
    _pay()
    own, token_key = key(kind, user_id, part), _token_key(user_id, kind)
    found: Any = backend().ask(lambda client: client.mget(token_key, own), None)
    if found is None:
        return compute()
    token, kept = found
    if token is None:
        token = _begin(kind, [user_id]).get(user_id)
    elif kept is not None and kept.startswith(token):
        return str(kept[_TOKEN_LENGTH:].decode())
    text = compute()
    if token is not None:
        seconds = int(LIVES[kind].total_seconds())
        backend().ask(lambda client: client.set(own, token + text.encode(), ex=seconds), None)
    return text


def write(kind: str, user_ids: Iterable[UUID], compute: Callable[[], dict[tuple[UUID, str], str]]) -> None:
    """Keep what ``compute`` now makes of the rows of these savers, by saver and part; what was kept before is gone."""
    tokens = _begin(kind, list(user_ids), anew=True)
    if not tokens:
        return
    texts, seconds = compute(), int(LIVES[kind].total_seconds())

    def send(client: Redis) -> None:
        with client.pipeline(transaction=False) as pipe:
            for (user_id, part), text in texts.items():
                pipe.set(key(kind, user_id, part), tokens[user_id] + text.encode(), ex=seconds)
            pipe.execute()

    backend().ask(send, None)


def asked_for(kind: str, parts: Iterable[tuple[UUID, str]]) -> set[UUID]:
    """Those savers of whom something of that kind and part is kept, whether it counts or not: somebody reads it."""
    wanted = list(parts)

    def look(client: Redis) -> list[int]:
        with client.pipeline(transaction=False) as pipe:
            for user_id, part in wanted:
                pipe.exists(key(kind, user_id, part))
            return list(pipe.execute())

    found: list[int] = backend().ask(look, []) if wanted else []
    return {user_id for (user_id, _), there in zip(wanted, found, strict=False) if there}


def forget(user_id: UUID) -> None:
    """What a movement changes of what is kept counts no longer: all but scores. To be called after the commit.

    Redis's word is not waited for.
    """
    _pay()
    if not _tell(user_id) and len(_owed) < _MOST_OWED:
        _owed.add(user_id)


def erase(user_id: UUID, parts: Iterable[str]) -> None:
    """Nothing of this saver stays, also not for its time to live. After the commit; ``parts`` as they were kept."""
    keys = [key(kind, user_id, part) for part in parts for kind in LIVES]
    forget(user_id)
    forget_many("score", [user_id])
    backend().ask(lambda client: client.unlink(*keys), 0)


def forget_many(kind: str, user_ids: Sequence[UUID | str]) -> None:
    """What is kept of ``kind`` about these savers counts no longer, for the worker: a few calls. After the commit.

    Their tokens go, and whoever reads next makes another one. While Redis is away what it holds may be taken for its
    time to live.
    """

    def send(client: Redis) -> None:
        beginning, _, end = _token_key(NOBODY, kind).partition(str(NOBODY))
        with client.pipeline(transaction=False) as pipe:
            for start in range(0, len(user_ids), _AT_ONCE):
                pipe.unlink(*[f"{beginning}{user_id}{end}" for user_id in user_ids[start : start + _AT_ONCE]])
            pipe.execute()

    if user_ids:
        backend().ask(send, None, patient=len(user_ids) > _AT_ONCE)


def _token_key(user_id: UUID, kind: str = "") -> str:
    return key("token", user_id, _TOKENS.get(kind, "now"))


def _tell(user_id: UUID) -> bool:
    seconds = int(_TOKEN_LIFE.total_seconds())
    return bool(backend().tell("SET", _token_key(user_id), uuid4().hex, "EX", seconds))


def _pay() -> None:
    with suppress(KeyError):  # another thread pays too
        while _owed:
            user_id = _owed.pop()
            if not _tell(user_id):
                _owed.add(user_id)
                return


def _begin(kind: str, user_ids: list[UUID], *, anew: bool = False) -> dict[UUID, bytes]:
    """The tokens of ``kind`` that stand, made where there is none, or ``anew``; {} without Redis."""

    def send(client: Redis) -> list[bytes]:
        with client.pipeline(transaction=False) as pipe:
            for user_id in user_ids:
                pipe.set(_token_key(user_id, kind), uuid4().hex, nx=not anew, ex=int(_TOKEN_LIFE.total_seconds()))
            pipe.mget([_token_key(user_id, kind) for user_id in user_ids])
            return list(pipe.execute()[-1])

    found = backend().ask(send, None) if user_ids else None
    return {user_id: token for user_id, token in zip(user_ids, found or (), strict=False) if token}
