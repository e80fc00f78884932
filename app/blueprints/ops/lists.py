"""A list of the console: what it shows is declared, what was not declared answers 400."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any, ClassVar

from flask import Response, abort, flash, redirect, request
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints import cursors
from app.blueprints.ops.base import ConsoleView
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import FilterForm
from app.blueprints.web.access import caller
from app.errors import DomainError
from app.periods import start_of_day
from app.services.audit import log as audit
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run

#: Arguments of every list beside its filters.
OWN = frozenset({"sort", "after"})


class ListView(ConsoleView):
    """A list: its columns, its filters and its default order are declared; ``rows`` asks a service.

    ``orders`` are the service's; only those of sortable columns can be asked for. Export is off until ``export_most``
    says how many rows a file may have; more than that is for a job.
    """

    columns: ClassVar[tuple[Column, ...]] = ()
    filters: ClassVar[type[FilterForm]] = FilterForm
    orders: ClassVar[dict[str, Order]] = {}
    default_sort: ClassVar[str] = "-created_at"
    page_size: ClassVar[int] = 50
    export_most: ClassVar[int] = 0
    template: ClassVar[str] = "ops/list.html"
    #: Filters after which every row is of one account: that somebody looked at it is then in the audit log.
    of_one: ClassVar[frozenset[str]] = frozenset()
    #: What the table is, for whoever hears it; and what is said where it has no rows.
    caption: ClassVar[str] = ""
    empty: ClassVar[str] = "Nothing here matches."

    def rows(self, asked: Asked) -> Page[Any]:
        """The rows that ``asked`` asks for, by a service; runs in a transaction."""
        raise NotImplementedError

    def narrowed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The service's filters out of the form's values: days as instants of the reader's zone, the last one whole."""
        zone = caller().zone.name
        if "since" in values:
            values["since"] = start_of_day(values["since"], zone)
        if "until" in values:
            values["before"] = start_of_day(values.pop("until") + timedelta(days=1), zone)
        return values

    def order_of(self, _filters: dict[str, Any], sort: str) -> str:
        """The order in which the service answers; ``sort`` unless a filter brings one of its own."""
        return sort

    def ordered(self, _asked: Asked) -> Redirect | None:
        """Have a job write the file that has too many rows, and lead to it; None where this list has no such job."""
        return None

    # ---- what is asked ----

    def sorts(self) -> set[str]:
        """What ``sort`` may be."""
        return {f"{sign}{column.name}" for column in self.columns if column.sortable for sign in ("", "-")}

    def asked(self, form: FilterForm, *, limit: int) -> Asked:
        """What the address asks for. Raises DomainError ``invalid_argument`` and ``invalid_cursor``."""
        arguments = request.args
        known = {field.name for field in form} | OWN
        strange = sorted(name for name in arguments if name not in known or len(arguments.getlist(name)) > 1)
        if strange:
            raise DomainError("invalid_argument", "This list does not know that argument, or knows it once only.")
        sort = arguments.get("sort") or self.default_sort
        if sort != self.default_sort and sort not in self.sorts():
            raise DomainError("invalid_argument", "This list cannot be put in that order.")
        filters = self.narrowed(form.asked())
        order = self.order_of(filters, sort)
        cursor = arguments.get("after")
        after = None
        if cursor:
            values = cursors.unseal(cursor, about=self._about(form, order))
            try:
                after = self.orders[order].position(values)
            except (ValueError, TypeError) as error:
                raise DomainError("invalid_cursor", "This cursor does not belong to this list.") from error
        return Asked(filters, order, after, limit)

    def _about(self, form: FilterForm, order: str) -> str:
        return f"ops:{self.endpoint}:{caller().id}:{order}:{sorted(form.query().items())}"

    # ---- pages ----

    @expose("/")
    def index(self) -> Any:
        """The list, one page of it."""
        form = self.filters(request.args)
        if not form.validate():
            return self._page(form, Page([]), self.default_sort), 400
        asked = self.asked(form, limit=self.page_size)
        return self._page(form, run(lambda: self._found(asked)), asked.order)

    def _found(self, asked: Asked) -> Page[Any]:
        page = self.rows(asked)
        if page.rows and self.of_one & asked.filters.keys():
            person, what = caller(), self.endpoint.removeprefix("ops_")
            audit.looked_at(person.id, person.role, "user", page.rows[0].user_id, what=what, at=clock.now())
        return page

    def _page(self, form: FilterForm, page: Page[Any], order: str) -> str:
        query = form.query()
        sort = request.args.get("sort")
        kept = query | ({"sort": sort} if sort else {})
        after = None
        if page.next is not None:
            text = [one.isoformat() if hasattr(one, "isoformat") else str(one) for one in page.next]
            after = cursors.seal(text, about=self._about(form, order))
        here = f"{self.endpoint}.index"
        return self.render(
            self.template,
            view=self,
            form=form,
            rows=page.rows,
            sort=order,
            narrowed=bool(query),
            later=bool(request.args.get("after")),
            first_url=self.get_url(here, **kept),
            clear_url=self.get_url(here),
            next_url=self.get_url(here, **kept, after=after) if after else None,
            sort_urls={
                column.name: self.get_url(here, **query, sort=self._turned(column.name, order))
                for column in self.columns
                if column.sortable and order in self.sorts() | {self.default_sort}
            },
            export_url=self.get_url(f"{self.endpoint}.export", **kept) if self.export_most else None,
        )

    def _turned(self, name: str, order: str) -> str:
        """The order by ``name`` that a click on its heading asks for: the largest first, then the other way if any."""
        turned = name if order == f"-{name}" else f"-{name}"
        return turned if turned in self.sorts() else f"-{name}"

    @expose("/export", methods=("POST",))
    def export(self) -> Response | Redirect:
        """The same rows as a file; who took it is in the audit log."""
        if not self.export_most:
            abort(404)
        form = self.filters(request.args)
        if not form.validate():
            abort(400)
        asked = self.asked(form, limit=self.export_most)
        person, now = caller(), clock.now()

        def work() -> Page[Any]:
            page = self._found(asked)
            if page.next is None:
                audit.record(
                    "exported", subject_type="list", subject_id=self.endpoint, at=now, actor_id=person.id,
                    actor=person.role, details={"rows": len(page.rows), "filters": sorted(asked.filters)},
                )  # fmt: skip
            return page

        page = run(work)
        if page.next is not None:
            ordered = self.ordered(asked)
            if ordered is not None:
                return ordered
            flash(f"That is more than {self.export_most:,} rows. Filter the list, then export it.", "warning")
            return redirect(self.get_url(f"{self.endpoint}.index", **request.args.to_dict()), 303)
        text = io.StringIO()
        lines = csv.writer(text)
        lines.writerow([column.name for column in self.columns])
        lines.writerows([[column.exported(row, person.zone) for column in self.columns] for row in page.rows])
        headers = {"Content-Disposition": f'attachment; filename="{self.endpoint}.csv"'}
        return Response(text.getvalue(), mimetype="text/csv", headers=headers)
