"""What the demo's savers did: jars and movements of the last months, the same for the same day and seed.

A story is written down first, in any order, and told in the order of its instants. Days are days before the saver's
today (0 is today); amounts are whole rupees here and minor units from ``tell`` on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app import clock
from app.periods import Plan, period_of, shift, start_of, start_of_day
from app.services.credit.refresh import refresh_all
from app.services.credit.storing import Cause
from app.services.identity.principal import Principal
from app.services.ops import reversals
from app.services.savings import deposits, jars, withdrawals
from app.services.savings.movements import Movement

SEED = 50
ADMIN_NAME = "Meera Iyer"
PAISE = 100


@dataclass(frozen=True, slots=True)
class Person:
    """One of the demo's savers. ``seasoned``: with months behind them; ``story`` writes these down."""

    name: str
    email: str
    phone: str
    language: str = "en"
    display_name: str | None = None
    seasoned: bool = True
    story: Callable[[Story], None] = field(default=lambda story: None)


def people(saver_email: str) -> list[Person]:
    """The demo's savers, the one whose pages are shown first."""
    return [
        Person("Asha Devi", saver_email, "+919000000101", display_name="Asha D.", story=_asha),
        Person("सुनीता शर्मा", "sunita@example.com", "+919000000102", language="hi", display_name="सुनीता", story=_sunita),
        Person("Farida Khan", "farida@example.com", "+919000000103", display_name="Farida", story=_farida),
        Person("Ravi Kumar", "ravi@example.com", "+919000000104", seasoned=False),
    ]


def tell(person: Person, saver: Principal, *, staff_id: UUID, now: datetime) -> None:
    """Let everything of ``person``'s story happen through the services, in the order of its instants."""
    story = Story(saver, staff_id, now)
    person.story(story)
    story.score_each_week()
    story.happen()


class Story:
    """What one saver did, collected and then done."""

    def __init__(self, saver: Principal, staff_id: UUID, now: datetime) -> None:
        self.random = Random(f"{SEED} {saver.name}")  # the same history each time, no secret  # noqa: S311
        self.today = saver.zone.date(now)
        self._saver, self._staff_id, self._now = saver, staff_id, now
        self._zone = saver.zone.at(now)
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._jars: dict[str, UUID] = {}
        self._movements: dict[str, UUID] = {}

    def day(self, ago: int) -> date:
        """The calendar day ``ago`` days before today; after it where negative."""
        return self.today - timedelta(days=ago)

    def ago(self, day: date) -> int:
        """The inverse of ``day``."""
        return (self.today - day).days

    def jar(self, name: str, plan: Plan, target: int, since: int, installment: int | None = None, **more: Any) -> None:
        """Open a jar ``since`` days ago, early in the morning. ``more`` goes to ``jars.create``."""

        def open_jar(at: datetime) -> None:
            made = jars.create(
                self._saver,
                name=name,
                plan_type=plan.value,
                target_amount=target * PAISE,
                installment_amount=None if installment is None else installment * PAISE,
                start_date=self.day(since),
                at=at,
                **more,
            )
            self._jars[name] = made.jar.id

        self._at(since, 5, open_jar)

    def put(self, jar: str, ago: int, amount: int, note: str | None = None, *, label: str | None = None) -> None:
        """A deposit, some time between 8 and 20 o'clock; ``label`` names it for ``take_back``."""

        def deposit(at: datetime) -> None:
            def keep_id(movement: Movement) -> tuple[int, bytes]:
                if label is not None:
                    self._movements[label] = movement.transaction.id
                return 201, b""

            deposits.deposit(self._saver, self._jars[jar], amount * PAISE, note, at=at, claim=None, render=keep_id)

        self._at(ago, self.random.uniform(8, 20), deposit)

    def take(self, jar: str, ago: int, amount: int, note: str | None = None) -> None:
        """A withdrawal, in the evening."""

        def withdraw(at: datetime) -> None:
            withdrawals.withdraw(
                self._saver, self._jars[jar], amount * PAISE, note, at=at, claim=None, render=lambda _: (201, b"")
            )

        self._at(ago, self.random.uniform(20.1, 20.9), withdraw)

    def take_back(self, label: str, ago: int, reason: str) -> None:
        """Have the staff reverse the deposit ``label``, late in the evening."""
        self._at(
            ago,
            21.5,
            lambda at: _ignore(reversals.reverse(self._movements[label], reason=reason, by=self._staff_id, at=at)),
        )

    def close(self, jar: str, ago: int) -> None:
        """Close an empty jar, late in the evening."""
        self._at(ago, 21.8, lambda at: jars.close(self._saver, self._jars[jar], at=at))

    def score_each_week(self) -> None:
        """Have the score made after each week that was over while all this happened, and now."""
        first = min((at for at, _, _ in self._events), default=self._now)
        monday = start_of(Plan.WEEKLY, self.today)
        for ago in range(self.ago(monday), (self._now - first).days, 7):
            self._at(ago, 0.6, self._score)
        self._events.append((self._now, len(self._events), self._score))

    def _score(self, at: datetime) -> None:
        refresh_all([self._saver.id], Cause("period_closed"), at=at)

    def happen(self) -> None:
        """Do all of it, each at its instant by the product's clock: what is booked late was not known before."""
        for at, _, event in sorted(self._events, key=lambda entry: entry[:2]):
            with clock.standing_at(at):
                event(at)

    def _at(self, ago: int, hour: float, event: Callable[[datetime], None]) -> None:
        day = self.day(ago)
        if day == self.today:
            # What is of today has happened by now, whatever the hour: the day so far, cut in proportion.
            begun = start_of_day(day, self._zone)
            at = begun + (self._now - begun) * (hour / 24)
        else:
            local = datetime.combine(day, time(), ZoneInfo(self._zone)) + timedelta(hours=hour)
            at = local.astimezone(UTC)
        self._events.append((at, len(self._events), event))


def _ignore(_: object) -> None:
    """Drop a result."""


def _asha(story: Story) -> None:
    rupees = story.random.choice

    story.jar("Auto rickshaw", Plan.DAILY, 15_000, 89, 50)
    notes = {
        89: "First fifty rupees!",
        60: "चाय कम पी आज",
        30: "Good day at the stand",
        7: "बारिश में भी",
        1: "Kept it up",
    }
    for ago in range(89, 0, -1):
        # Three days missed, of which two freezes saved two; one more that a freeze saved; and today is still open.
        if ago not in (4, 38, 39, 40):
            story.put("Auto rickshaw", ago, rupees((50, 50, 50, 60, 70)), notes.get(ago))

    this_week = story.ago(start_of(Plan.WEEKLY, story.today))
    story.jar("Sister's wedding", Plan.WEEKLY, 20_000, this_week + 12 * 7, 500, end_date=story.day(-260))
    for week in range(12, 0, -1):
        monday = this_week + week * 7
        if week == 5:  # the money came on the Monday after: late, within the grace
            story.put("Sister's wedding", monday - 7, 500, "One day late, market was closed")
        elif week % 3:
            story.put("Sister's wedding", monday - rupees((1, 3, 5)), 500, "बहन की शादी" if week == 10 else None)
        else:
            story.put("Sister's wedding", monday - 2, 200)
            story.put("Sister's wedding", monday - 5, 350)
    story.put("Sister's wedding", story.random.randint(0, this_week), 500, "This week done")

    _monthly_behind(story)

    story.jar("Rainy day", Plan.FLEXIBLE, 5_000, 84)
    for ago, amount, note in (
        (84, 500, "Found money from Holi"),
        (71, 250, None),
        (62, 400, "ओवरटाइम"),
        (45, 300, None),
        (33, 650, "Bonus from the shop"),
        (19, 200, None),
        (6, 350, "बचत"),
    ):
        story.put("Rainy day", ago, amount, note)
    story.take("Rainy day", 52, 450, "दवाई")
    story.take("Rainy day", 12, 300, "Bus to the village")
    story.put("Rainy day", 26, 500, "Sent twice by mistake", label="doubled")
    story.take_back("doubled", 25, "sent twice by the saver's bank")

    story.jar("School shoes", Plan.DAILY, 1_500, 70, 100)
    for ago in range(70, 55, -1):
        story.put("School shoes", ago, 100, "Full pot!" if ago == 56 else None)

    story.jar("Pressure cooker", Plan.FLEXIBLE, 2_000, 80)
    for ago in (80, 73, 66, 58):
        story.put("Pressure cooker", ago, 300)
    story.take("Pressure cooker", 50, 1_200, "Found one second-hand")
    story.close("Pressure cooker", 50)

    story.jar("Meera's birthday", Plan.WEEKLY, 1_000, 66, 100, end_date=story.day(10))
    for ago in (64, 57, 50, 43, 29, 22, 15):
        story.put("Meera's birthday", ago, 100)

    story.jar("Sewing machine", Plan.WEEKLY, 8_000, 0, 200)


def _monthly_behind(story: Story) -> None:
    """₹1,000 a month where ₹1,300 would be in time: three months met, this one open, nine left with this one."""
    this = period_of(Plan.MONTHLY, story.today)
    assert this is not None  # months are periods
    earlier = [shift(Plan.MONTHLY, this, -number) for number in (3, 2, 1)]
    end = shift(Plan.MONTHLY, this, 8).end
    opened = story.ago(earlier[0].start + timedelta(days=2))
    story.jar("School fees", Plan.MONTHLY, 15_000, opened, 1_000, end_date=end)
    story.put("School fees", opened, 300, "To begin with")
    for month in earlier:
        story.put("School fees", story.ago(month.start + timedelta(days=story.random.randint(4, 9))), 1_000)


def _sunita(story: Story) -> None:
    this_week = story.ago(start_of(Plan.WEEKLY, story.today))
    story.jar("बेटी की पढ़ाई", Plan.WEEKLY, 12_000, this_week + 10 * 7, 300, end_date=story.day(-200))
    for week in range(10, 0, -1):
        if week != 7:
            ago = this_week + week * 7 - story.random.randint(0, 6)
            story.put("बेटी की पढ़ाई", ago, 300, "हफ़्ते की बचत" if week % 4 == 0 else None)
    story.jar("दिवाली", Plan.DAILY, 2_500, 24, 20)
    for ago in range(24, 0, -1):
        story.put("दिवाली", ago, story.random.choice((20, 20, 30)), "पहला सिक्का" if ago == 24 else None)


def _farida(story: Story) -> None:
    this_week = story.ago(start_of(Plan.WEEKLY, story.today))
    story.jar("Bakery oven", Plan.WEEKLY, 18_000, this_week + 14, 400)
    for week in (2, 1):
        story.put("Bakery oven", this_week + week * 7 - 2, 400)
    story.jar("Emergencies", Plan.FLEXIBLE, 3_000, 40)
    story.put("Emergencies", 40, 250)
    story.put("Emergencies", 21, 150)
