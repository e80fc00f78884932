"""What a statement is asked for with."""

from __future__ import annotations

from app.blueprints.api.schemas.base import LocalDate, StrictSchema


class StatementQuerySchema(StrictSchema):
    """Local days, both inclusive; at most five years."""

    since = LocalDate(data_key="from", required=True)
    until = LocalDate(data_key="to", required=True)
