"""What templates are compiled to, for all applications of a test process: each would compile the same anew."""

from __future__ import annotations

from jinja2.bccache import Bucket, BytecodeCache


class Compiled(BytecodeCache):
    """Kept in memory, by a template's name and its text."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """See BytecodeCache."""
        if bucket.key + bucket.checksum in self._held:
            bucket.bytecode_from_string(self._held[bucket.key + bucket.checksum])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """See BytecodeCache."""
        self._held[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()
