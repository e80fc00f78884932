"""Accounts and movements of all savers, for staff. Each call stands in the audit log."""

from __future__ import annotations

from typing import Any

from flask import current_app

from app import clock
from app.blueprints import cursors
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.admin import (
    AccountPageSchema,
    AccountQuerySchema,
    AllMovementsQuerySchema,
    AnyTransactionPageSchema,
)
from app.errors import DomainError
from app.services.ops.console import lookup
from app.services.ops.console.listing import Asked, Order, Page, Position
from app.transactions import run

blueprint = ApiBlueprint("admin", __name__, url_prefix="/api/admin", description="All savers, for staff")
# Arguments of the call, and what the list calls them.
MOVEMENTS = {"user_id": "user", "jar_id": "jar", "type": "type", "since": "first", "until": "last"}


@blueprint.route("/users/", methods=["GET"])
@access("support")
@blueprint.arguments(AccountQuerySchema(), location="query")
@blueprint.response(200, AccountPageSchema)
def list_users(query: dict[str, Any]) -> dict[str, Any]:
    """Accounts, the newest first; with `q` those whose e-mail address, number or name begins so, in its order."""
    filters: dict[str, Any] = {name: query[name] for name in ("q", "kyc_status") if name in query}
    name, order = lookup.order_of_accounts(filters)
    asked = _asked("users", query, filters, name, order)
    found = run(lambda: lookup.accounts(asked, by=caller(), at=clock.now()))
    return {"items": found.rows, "next_cursor": _next("users", filters, found)}


@blueprint.route("/transactions/", methods=["GET"])
@access("support")
@blueprint.arguments(AllMovementsQuerySchema(), location="query")
@blueprint.response(200, AnyTransactionPageSchema)
def list_transactions(query: dict[str, Any]) -> dict[str, Any]:
    """Movements of all savers, of one (`user_id`) or of one jar (`jar_id`), the newest first."""
    filters = {filter_: query[name] for name, filter_ in MOVEMENTS.items() if name in query}
    order = lookup.MOVEMENTS.orders[lookup.NEWEST_MOVEMENT]
    asked = _asked("transactions", query, filters, lookup.NEWEST_MOVEMENT, order)
    found = run(lambda: lookup.movements(asked, by=caller(), at=clock.now()))
    currency = current_app.config["CURRENCY"]
    items = [{name: getattr(row, name) for name in row.__slots__} | {"currency": currency} for row in found.rows]
    return {"items": items, "next_cursor": _next("transactions", filters, found)}


def _asked(what: str, query: dict[str, Any], filters: dict[str, Any], name: str, order: Order) -> Asked:
    after: Position | None = None
    if query.get("cursor"):
        values = cursors.unseal(query["cursor"], about=_about(what, filters))
        try:
            after = order.position(values)
        except (ValueError, TypeError) as error:
            raise DomainError(
                "invalid_cursor", "This cursor does not belong to this list; begin without one."
            ) from error
    return Asked(filters, name, after, query["limit"])


def _next(what: str, filters: dict[str, Any], found: Page[Any]) -> str | None:
    if found.next is None:
        return None
    values = [value.isoformat() if hasattr(value, "isoformat") else str(value) for value in found.next]
    return cursors.seal(values, about=_about(what, filters))


def _about(what: str, filters: dict[str, Any]) -> str:
    return f"admin-{what}:{caller().id}:{sorted((name, str(value)) for name, value in filters.items())}"
