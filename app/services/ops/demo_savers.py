"""The demo's savers, and what each of them did in the last months: amounts in whole rupees, days before today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.periods import Plan, period_of, shift, start_of
from app.services.identity.principal import Principal
from app.services.ops.demo_story import Story

ADMIN_NAME, SUPPORT_NAME = "Meera Iyer", "Arjun Nair"


@dataclass(frozen=True, slots=True)
class Person:
    """One of the demo's savers. ``seasoned``: with months behind them; ``story`` writes these down. ``verified``:
    staff know who this is.
    """

    name: str
    email: str
    phone: str
    language: str = "en"
    display_name: str | None = None
    seasoned: bool = True
    verified: bool = False
    story: Callable[[Story], None] = field(default=lambda story: None)


def people(saver_email: str) -> list[Person]:
    """The demo's savers, the one whose pages are shown first."""
    return [
        Person("Asha Devi", saver_email, "+919000000101", display_name="Asha D.", verified=True, story=_asha),
        Person("सुनीता शर्मा", "sunita@example.com", "+919000000102", language="hi", display_name="सुनीता", story=_sunita),
        Person("Farida Khan", "farida@example.com", "+919000000103", display_name="Farida", story=_farida),
        Person("Ravi Kumar", "ravi@example.com", "+919000000104", seasoned=False),
        Person("Kamla Bai", "kamla@example.com", "+919000000105", verified=True, story=_kamla),
    ]


def tell(person: Person, saver: Principal, *, staff_id: UUID, second_id: UUID, now: datetime) -> None:
    """Let everything of ``person``'s story happen through the services, in the order of its instants."""
    story = Story(saver, staff_id, second_id, now)
    person.story(story)
    story.score_each_week()
    story.happen()


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
    # What waits for the staff: what two of them must agree to, a question, and an answer that did not satisfy.
    story.jar("Eid", Plan.FLEXIBLE, 10_000, 30)
    story.put("Eid", 3, 6_000, "One zero too many", label="too much")
    story.ask_to_take_back("too much", 2, "typed one zero too many, says the saver")
    story.ask(2, "My deposit for Eid", "I wanted to put 600 aside, not 6,000. Can you take it back?")
    story.ask(
        6,
        "My streak",
        "I saved every week and it says that a new streak began.",
        answer="The deposit of that week came on the Wednesday after, a day past the grace.",
        again="The shop's machine was down on Tuesday. Please look again.",
    )


def _kamla(story: Story) -> None:
    """Saves each week, and pays a loan back: three instalments so far."""
    this_week = story.ago(start_of(Plan.WEEKLY, story.today))
    story.jar("Sewing machine", Plan.WEEKLY, 15_000, this_week + 23 * 7, 300)
    for week in range(23, 0, -1):
        story.put("Sewing machine", this_week + week * 7 - story.random.randint(0, 5), 300)
    story.borrow(96, 5_000, 12)
