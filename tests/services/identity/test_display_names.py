"""What a name may hold that others see, and what leads to the person behind it."""

from __future__ import annotations

import pytest

from app.services.identity.display_names import display_name


@pytest.mark.parametrize(
    "name",
    [
        "Asha 2026", "R2D2", "K2", "M.S. Dhoni", "J.R.R. Tolkien", "Dr. A.P.J. Kalam", "Asha.K", "Sri.Devi", "O'Brien",
        "Asha & Ravi", "Ravi (Pune)", "1984", "Asha 12-3-26", "24/7 saver", "Lilo 10", "Seven of Nine", "Polka Dot",
        "Double Trouble", "Asha at heart", "Dotty at St. Mary", "Cat at dot", "In.Out of it", "Asha 🌸", "सुनीता",
        "श्रीमती शर्मा", "राम २०२६", "அன்பு", "क्\u200dष", "Ashoka the Great", "Com Net", "Inder.Singh",
    ],
)  # fmt: skip
def test_names_pass(name: str) -> None:
    assert display_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "call 98765 43210", "9 8 7 6 5 4 3 2 1 0", "98.76.54.32.10", "98-765-43210", "+91 98765", "9a8b7c6d5e4f3g",
        "९८७६५४३२१०", "९८७६५ 43210", "９８７６５４３２１０", "①②③④⑤⑥⑦", "98765432IO",
        "nine eight seven six five four three",
        "double nine eight seven triple six 1", "नौ आठ सात छह पांच चार तीन", "9️⃣8️⃣7️⃣6️⃣5️⃣4️⃣3️⃣",
    ],
)  # fmt: skip
def test_phone_numbers_do_not(name: str) -> None:
    with pytest.raises(ValueError, match="phone numbers"):
        display_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "me@example.com", "me＠example.com", "@asha", "asha@okbank", "asha at gmail dot com", "asha [at] example.com",
        "asha(at)example(dot)com", "asha AT example DOT org", "asha.devi at yahoo", "gmail asha", "http://x",
        "www.asha.in", "asha.com", "ASHA.COM", "asha . com", "asha dot com", "t.me/asha", "wa.me/asha",
    ],
)  # fmt: skip
def test_addresses_and_links_do_not(name: str) -> None:
    with pytest.raises(ValueError, match="addresses"):
        display_name(name)


@pytest.mark.parametrize("name", ["a\x00b", "a\u202eihsa", "a\u200bb", "a\u2066b", "a" * 41, "\ue000"])
def test_what_hides_or_reorders_text_does_not(name: str) -> None:
    with pytest.raises(ValueError, match=r"Write a name in letters|at most 40"):
        display_name(name)


def test_nothing_is_no_name() -> None:
    assert (display_name(None), display_name("  "), display_name(" Asha   D ")) == (None, None, "Asha D")
