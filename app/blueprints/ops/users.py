"""The accounts, and the page of one."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from flask import url_for
from flask_admin import expose
from wtforms import SelectChoice

from app import clock
from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole
from app.blueprints.ops.care import Care, CareView
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import ChoiceFilter, DayFilter, FilterForm, ReasonForm, TextFilter
from app.blueprints.ops.sections import SECTIONS
from app.blueprints.web.access import caller
from app.services.ops.console import one_user, users
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run


class UserFilters(FilterForm):
    """What accounts are narrowed by."""

    q = TextFilter("E-mail, number or name", placeholder="as it begins")
    status = ChoiceFilter("State", words.choices(users.STATES, words.STATES))
    role = ChoiceFilter("Role", words.choices(users.ROLES, words.ROLES))
    kyc_status = ChoiceFilter("Identity", words.choices(users.KYC_STATES, words.KYC))
    since = DayFilter("Here since")


class UsersView(CareView):
    """Everybody who has an account, masked."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "u"
    filters = UserFilters
    orders: ClassVar[dict[str, Order]] = dict(users.SOURCE.orders)
    caption = "Accounts"
    empty = "No account matches."
    export_most = 5_000
    columns = (
        Column("name", "Name", link=lambda row: url_for("ops_users.one", user_id=row.id)),
        Column("email", "E-mail"),
        Column("phone", "Number"),
        Column("role", "Role", "said", words=words.ROLES),
        Column("status", "State", "word", words=words.STATES),
        Column("kyc_status", "Identity", "word", words=words.KYC),
        Column("jars", "Jars", "number"),
        Column("saved", "Saved", "money"),
        Column("created_at", "Here since", "instant", sortable=True),
        Column("id", "Id", "id"),
    )

    def order_of(self, filters: dict[str, Any], sort: str) -> str:
        """Whoever is sought by a beginning comes in the order of it."""
        return users.order_of(filters, sort)

    def rows(self, asked: Asked) -> Page[users.Account]:
        """A page of accounts."""
        return users.listed(asked, by=caller(), at=clock.now())

    @expose("/<uuid:user_id>/")
    def one(self, user_id: UUID) -> str:
        """One account, personal data masked; that it was opened is in the audit log."""
        return self._one(user_id, ReasonForm())

    @expose("/<uuid:user_id>/show", methods=("POST",))
    def show(self, user_id: UUID) -> str | tuple[str, int]:
        """The same with personal data, for a reason that the audit log keeps. Only in this answer: nothing is kept."""
        form = ReasonForm()
        form.reason.choices = REASONS
        if not form.validate():
            return self._one(user_id, form), 422
        return self._one(user_id, form, reason=form.reason.data)

    def page_of(self, user_id: UUID, care: Care) -> str:
        """See CareView."""
        return self._one(user_id, ReasonForm(formdata=None), care=care)

    def _one(self, user_id: UUID, form: ReasonForm, *, reason: str | None = None, care: Care | None = None) -> str:
        form.reason.choices = REASONS
        person, now = caller(), clock.now()
        sections = [section for section in SECTIONS if section.is_for(person.role)]

        def work() -> tuple[one_user.Profile, dict[str, Any]]:
            one_user.opened(user_id, by=person, at=now)
            if reason is not None:
                one_user.shown(user_id, reason, by=person, at=now)
            found = {section.name: section.load(user_id) for section in sections}
            if reason is not None:
                found["profile"] = one_user.profile(user_id, masked=False)
            return found["profile"], found

        profile, found = run(work)
        trail = [(f"Account {str(user_id)[-8:]}", None)]
        return self.render(
            "ops/user.html", trail=trail, profile=profile, sections=sections, all=found, form=form, care=care or Care()
        )  # fmt: skip


REASONS = [
    SelectChoice("", "Choose a reason"),
    *(SelectChoice(*one) for one in words.choices(one_user.REASONS, words.REASONS)),
]
