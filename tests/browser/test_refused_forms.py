"""What the server does not take: said beside the field and on top, in the saver's language; nothing is typed twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests import factories, hindi
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
@pytest.mark.parametrize(
    ("language", "send"), [("en", "Create my account"), ("hi", "मेरा खाता बनाएँ")], ids=["english", "hindi"]
)
def test_a_sign_up_with_mistakes(visit: Callable[..., Visit], script: bool, language: str, send: str) -> None:
    browser = visit(language=language, script=script)
    browser.go("/signup")
    browser.fill(name="Lakshmi Rao", email="lakshmi@", phone="12", password="short")
    browser.send(send)
    page = browser.page
    summary = page.get_by_role("alert")
    page.wait_for_function("document.activeElement.getAttribute('role') === 'alert'")  # it takes the focus
    assert page.title().startswith("Error: " if language == "en" else "ध्यान दें: ")
    links = summary.get_by_role("link").all()
    assert [link.get_attribute("href") for link in links] == ["#email", "#phone", "#password"]
    for link in links:
        field = page.locator(str(link.get_attribute("href")))
        beside = page.locator(f"#{field.get_attribute('aria-describedby').split()[-1]}")
        assert link.inner_text() == beside.inner_text().strip(), "the same words on top and beside the field"
        assert field.get_attribute("aria-invalid") == "true"
        link.click()
        assert field.evaluate("e => e === document.activeElement")
    assert "asha@example.com" in summary.inner_text(), "an example of what would do"
    assert [page.input_value(one) for one in ("#name", "#email", "#phone")] == ["Lakshmi Rao", "lakshmi@", "12"]
    assert page.input_value("#password") == "", "a password is never sent back"
    if language == "hi":
        left = [text for text in hindi.english_in(page.content()) if text not in {"Lakshmi Rao", "lakshmi@"}]
        assert left == []
    assert browser.complaints == []


def test_a_sign_in_that_has_ended_comes_back_to_where_the_saver_was(
    visit: Callable[..., Visit], saver: factories.Saver, app: Flask
) -> None:
    jar = saver.jar()
    browser = visit()
    browser.log_in(saver.email)
    browser.go(f"/jars/{jar}/deposit")
    browser.fill(amount="75", note="Chai money")
    browser.page.context.clear_cookies()
    browser.send("Put it in")
    if not browser.page.url.partition("?")[0].endswith("/login"):
        browser.follow("Open it again")
    browser.fill(login=saver.email, password=factories.PASSWORD)
    browser.send("Sign in")
    assert browser.page.url.endswith(f"/jars/{jar}/deposit")
    assert browser.says("What you typed is still here.")
    assert (browser.page.input_value("#amount"), browser.page.input_value("#note")) == ("75", "Chai money")
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "0.00"
    browser.send("Put it in")
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "75.00"


@pytest.mark.parametrize("where", ["page", "dialog"])
def test_back_and_once_more_is_one_deposit(visit: Callable[..., Visit], saver: factories.Saver, where: str) -> None:
    jar = saver.jar(installment_amount="50")
    browser = visit()
    browser.log_in(saver.email)

    def put_in(amount: str = "50") -> None:
        if where == "dialog":
            browser.page.get_by_role("link", name="Put money in").click()
            browser.page.fill("#deposit-amount", amount)
        else:
            browser.fill(amount=amount)
        browser.send("Put it in")

    def held() -> str:
        amount: str = saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"]
        return amount

    browser.go(f"/jars/{jar}" + ("/deposit" if where == "page" else ""))
    put_in()
    assert held() == "50.00"
    browser.page.reload()
    assert held() == "50.00", "the answer is a page of its own: reloading it sends nothing"
    browser.page.go_back()
    put_in()
    assert browser.says("₹50 is in. This jar now holds ₹50."), "the first answer, once more"
    assert held() == "50.00"
    browser.page.go_back()
    put_in("70")
    assert browser.says("that one stands, and nothing more was moved")
    assert held() == "50.00"
    browser.send("Put it in")
    assert held() == "120.00", "told what is, the saver goes on"
    browser.go(f"/jars/{jar}" + ("/deposit" if where == "page" else ""))
    put_in()
    assert held() == "170.00", "a form that is opened anew is another deposit"
    assert browser.complaints == []
