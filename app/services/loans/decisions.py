"""Whether a saver may have a loan: decided on what is known now, and kept so that it can be shown again as it was."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import uuid_utils.compat as uuids

from app.errors import DomainError, NotFound
from app.loans.eligibility import Check, Facts, affordable_a_month, assess
from app.loans.policy import Policy, policy
from app.loans.schedule import instalment
from app.loans.terms import affordable, percent, terms
from app.sentences import Sentence
from app.services.credit.refresh import refresh_all
from app.services.credit.scoring import FEATURE_SETS
from app.services.credit.storing import Cause
from app.services.identity.principal import Principal
from app.services.loans import words
from app.transactions import fetch, queue

COLUMNS = (
    "id, user_id, decided_at, valid_until, eligible, assessment, features, loan_policy_version, score, score_as_of,"
    " policy_version, model_version"
)
SCORE = """
SELECT status, score, policy_version, model_version, feature_set, features, as_of FROM credit_scores WHERE user_id = %s
"""
FACTS = """
SELECT u.kyc_status, u.status = 'active',
    (SELECT count(*) FROM savings_jars j WHERE j.user_id = u.id AND j.status = 'active' AND EXISTS (
        SELECT FROM jsonb_array_elements(j.pauses) AS pause
        WHERE %(today)s BETWEEN (pause->>0)::date AND (pause->>1)::date)),
    (SELECT t.date FROM transactions t WHERE t.user_id = u.id AND t.type = 'deposit'
        ORDER BY t.occurred_at, t.id LIMIT 1),
    (SELECT count(*) FROM loans l WHERE l.user_id = u.id AND l.status IN ('accepted', 'active')),
    (SELECT coalesce(sum(i.principal + i.interest - i.waived - i.paid_principal - i.paid_interest), 0)::bigint
        FROM loans l JOIN loan_instalments i ON i.loan_id = l.id
        WHERE l.user_id = u.id AND l.status IN ('accepted', 'active') AND i.paid_on IS NULL AND i.due_on < %(today)s),
    (SELECT coalesce(-sum(a.balance), 0)::bigint FROM ledger_accounts a
        WHERE a.user_id = u.id AND a.kind = 'owed'),
    (SELECT count(*) FROM loans l WHERE l.user_id = u.id AND l.status = 'defaulted'),
    (SELECT coalesce(sum(CASE t.type WHEN 'deposit' THEN t.amount ELSE -t.amount END), 0)::bigint
        FROM transactions t WHERE t.user_id = u.id AND t.occurred_at > %(since)s AND t.occurred_at <= %(at)s
        AND t.type IN ('deposit', 'withdraw') AND t.id NOT IN (SELECT r.reversal_of FROM transactions r
            WHERE r.user_id = u.id AND r.reversal_of IS NOT NULL))
FROM users u WHERE u.id = %(user)s
"""
#: Days of a month, where deposits of some days are said for one.
A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Option:
    """The largest loan over ``months``, with its instalment (minor units) and rates in percent."""

    months: int
    max_amount: int
    instalment: int
    apr: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it was made. Amounts in minor units.

    ``instalment`` and ``apr`` are of ``max_amount`` over ``months``, the longest time; where nothing is offered, of the
    least that is lent. ``least`` and ``most``: what the product lends. ``affordable``: the largest instalment.
    """

    id: UUID
    user_id: UUID
    decided_at: datetime
    valid_until: datetime
    eligible: bool
    checks: tuple[Check, ...]
    max_amount: int
    months: int
    instalment: int
    apr: str
    least: int
    most: int
    tenures: tuple[int, ...]
    affordable: int
    options: tuple[Option, ...]
    loan_policy_version: str
    score: int | None
    score_as_of: datetime | None
    policy_version: str | None
    model_version: str | None
    features: dict[str, Any]

    @property
    def tenure_months(self) -> list[int]:
        """Over which times a loan is affordable; none where there is none to have."""
        return [option.months for option in self.options]

    @property
    def reasons(self) -> list[dict[str, Any]]:
        """Every check with its sentence."""
        return [words.said(check) for check in self.checks]

    @property
    def next_steps(self) -> list[Sentence]:
        """What to do now."""
        return words.next_steps(self.checks)


class NotEligible(DomainError):
    """The saver may not have this loan now; every check stands in ``facts``."""

    def __init__(self, checks: tuple[Check, ...], decision_id: UUID) -> None:
        super().__init__("not_eligible", Sentence("This loan cannot be offered to you now. Nothing was changed."))
        self.facts = {
            "reasons": [words.said(check) for check in checks],
            "next_steps": list(words.next_steps(checks)),
            "decision_id": str(decision_id),
        }


def decide(saver: Principal, *, at: datetime) -> Decision:
    """The decision about the saver at ``at``; the newest one again where nothing in it would be different.

    In three queries. Who has no score yet has it made.
    """
    rules = policy()
    scored = fetch(SCORE, (saver.id,))
    if not scored:
        refresh_all([saver.id], Cause("recalculation"), at=at)
        scored = fetch(SCORE, (saver.id,))
    status, score, version, model, feature_set, values, as_of = scored[0] if scored else _NO_SCORE
    named = dict(zip(FEATURE_SETS[feature_set], values, strict=True)) if values else {}
    facts = _facts(saver, rules, status, score, named, at=at)
    made = _assessment(facts, rules)
    newest = fetch(
        f"SELECT {COLUMNS} FROM loan_decisions WHERE user_id = %s ORDER BY decided_at DESC, id DESC LIMIT 1",  # noqa: S608
        (saver.id,),
    )
    if newest:
        last = _read(newest[0])
        same = newest[0][5] == orjson.loads(orjson.dumps(made)) and last.loan_policy_version == rules.version
        if same and last.valid_until > at and (last.score, last.policy_version) == (score, version):
            return last
    row = (
        uuids.uuid7(),
        saver.id,
        at,
        at + timedelta(days=rules.decision_days),
        made["eligible"],
        orjson.dumps(made).decode(),
        orjson.dumps({name: None if math.isnan(value) else value for name, value in named.items()}).decode(),
        rules.version,
        score,
        as_of,
        version,
        model,
    )
    queue(f"INSERT INTO loan_decisions ({COLUMNS}) VALUES ({', '.join(['%s'] * len(row))})", row)  # noqa: S608
    return _read((*row[:5], orjson.loads(row[5]), orjson.loads(row[6]), *row[7:]))


_NO_SCORE: tuple[Any, ...] = ("no_history", None, None, None, 1, [], None)


def shown(user_id: UUID, decision_id: UUID) -> Decision:
    """A decision of the saver's again, as it was made. Raises NotFound."""
    rows = fetch(
        f"SELECT {COLUMNS} FROM loan_decisions WHERE id = %s AND user_id = %s",  # noqa: S608  constants only
        (decision_id, user_id),
    )
    if not rows:
        raise NotFound
    return _read(rows[0])


def refuse_unless(decision: Decision, amount: int, months: int) -> None:
    """Raise NotEligible where the decision does not reach to ``amount`` minor units over ``months``."""
    if not decision.eligible:
        raise NotEligible(decision.checks, decision.id)
    asked = instalment(amount, policy(decision.loan_policy_version).rate, months)
    if asked > decision.affordable:
        checks = tuple(
            Check(check.code, False, decision.affordable, asked) if check.code == "affordability" else check
            for check in decision.checks
        )
        raise NotEligible(checks, decision.id)


def _facts(
    saver: Principal, rules: Policy, status: str, score: int | None, named: dict[str, float], *, at: datetime
) -> Facts:
    today = saver.zone.date(at)
    since = at - timedelta(days=rules.deposits_days)
    ((kyc, active, paused, first, loans, overdue, owed, defaults, put_aside),) = fetch(
        FACTS, {"user": saver.id, "today": today, "since": since, "at": at}
    )
    history = (today - first).days if first else 0
    over = max(A_MONTH, min(rules.deposits_days, history + 1))
    return Facts(
        kyc_status=kyc,
        active=active,
        paused=paused,
        history_days=history,
        score=score,
        score_status=status,
        on_time=int(named.get("on_time_in_window", 0)),
        periods=int(named.get("window", 0)),
        open_loans=loans,
        overdue=overdue,
        owed=owed,
        defaults=defaults,
        deposits_a_month=put_aside * A_MONTH // over if put_aside > 0 else 0,
    )


def _assessment(facts: Facts, rules: Policy) -> dict[str, Any]:
    found = assess(facts, rules)
    a_month = affordable_a_month(facts, rules)
    options = []
    for months in rules.tenures if found.eligible else ():
        largest = affordable(rules, a_month, months)
        if largest:
            figures = terms(rules, largest, months)
            options.append(asdict(Option(months, largest, figures.instalment, percent(figures.apr))))
    return {
        "eligible": found.eligible,
        "checks": [asdict(check) for check in found.checks],
        "max_amount": found.max_amount,
        "months": found.months,
        "instalment": found.instalment,
        "apr": found.apr,
        "least": rules.least,
        "most": rules.most,
        "tenures": list(rules.tenures),
        "affordable": a_month,
        "options": options,
        "facts": {name: _plain(value) for name, value in asdict(facts).items()},
    }


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _read(row: tuple[Any, ...]) -> Decision:
    id_, user_id, decided_at, valid_until, eligible, made, features, loan_policy, score, as_of, version, model = row
    return Decision(
        id=id_,
        user_id=user_id,
        decided_at=decided_at,
        valid_until=valid_until,
        eligible=eligible,
        checks=tuple(Check(**check) for check in made["checks"]),
        options=tuple(Option(**option) for option in made["options"]),
        **{name: made[name] for name in ("max_amount", "months", "instalment", "apr", "least", "most", "affordable")},
        tenures=tuple(made["tenures"]),
        loan_policy_version=loan_policy,
        score=score,
        score_as_of=as_of,
        policy_version=version,
        model_version=model,
        features=features,
    )
