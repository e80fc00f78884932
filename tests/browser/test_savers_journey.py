"""A saver's way through the pages, in a real browser."""

from collections.abc import Callable

import pytest

from tests import factories
from tests.browser.conftest import DESKTOP, Visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_from_sign_up_to_sign_in_again(visit: Callable[..., Visit], script: bool) -> None:
    saver, email = visit(script=script), factories.email()
    saver.go("/")
    saver.follow("Start your first jar")
    saver.fill(name="Lakshmi Rao", email=email, phone=factories.phone(), password=factories.PASSWORD)
    saver.send("Create my account")
    assert saver.says("Namaste, Lakshmi Rao. Your account is ready.")

    assert saver.says("Step 1 of 3")
    saver.fill(name="Bicycle", target_amount="5,000")
    saver.send("Next")
    saver.fill(installment_amount="50")
    saver.send("Make this jar")
    assert saver.says("Bicycle is ready.")
    assert saver.page.input_value("#deposit-amount") == "50", "what the jar asks for is filled in"
    saver.send("Put it in")
    assert saver.says("₹50 is in. This jar now holds ₹50. 1 day kept alight.")
    assert saver.says("A new badge, First coin")
    assert saver.says("Today’s lamp is lit.")

    # With a script a dialog asks, without one a page; what is refused is said on the page.
    asked = "withdraw-amount" if script else "amount"
    if script:
        saver.page.get_by_role("link", name="Take out").click()
    else:
        saver.follow("Take out")
    saver.fill(**{asked: "80"})
    saver.send("Take it out")
    assert saver.says("There is less in this jar than that. Nothing was taken.")
    assert saver.page.input_value("#amount") == "80"
    saver.fill(amount="20", note="Chai money")
    saver.send("Take it out")
    assert saver.says("₹20 taken out. This jar now holds ₹30.")
    assert saver.says("Chai money")
    assert [row.split()[0] for row in saver.page.locator(".txn-title").all_inner_texts()] == ["Taken", "Saved"]

    saver.follow("Me")
    saver.send("Sign out")
    assert saver.says("You are signed out on this device.")
    saver.go("/dashboard")
    assert saver.says("Sign in to go on")
    saver.fill(login=email, password=factories.PASSWORD)
    saver.send("Sign in")
    assert saver.says("Saved so far, Lakshmi")
    assert saver.says("₹30")
    assert saver.complaints == []


def test_a_double_tap_is_one_deposit(visit: Callable[..., Visit], saver: factories.Saver) -> None:
    jar = saver.jar()
    browser = visit(script=True)
    browser.log_in(saver.email)
    browser.go(f"/jars/{jar}/deposit")
    browser.fill(amount="50")
    browser.page.get_by_role("button", name="Put it in").dblclick()
    browser.page.wait_for_url(f"**/jars/{jar}")
    assert browser.says("₹50 is in.")
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "50.00"


def test_a_form_that_arrives_twice_is_one_deposit(visit: Callable[..., Visit], saver: factories.Saver) -> None:
    """Without a script nothing holds the second tap back: the key that the form carries does."""
    jar = saver.jar()
    browser = visit(script=False)
    browser.log_in(saver.email)
    browser.go(f"/jars/{jar}/deposit")
    fields = {
        str(field.get_attribute("name")): field.get_attribute("value") or ""
        for field in browser.page.locator("main form input[name]").all()
    }
    for _ in range(2):
        answer = browser.page.context.request.post(browser.page.url, form=fields | {"amount": "50"})
        assert answer.url.endswith(f"/jars/{jar}")
    browser.go(f"/jars/{jar}")
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "50.00"


def test_the_api_page_works_under_the_policy(visit: Callable[..., Visit]) -> None:
    browser = visit(size=DESKTOP)
    browser.go("/api/docs/")
    browser.page.wait_for_selector(".opblock")
    assert browser.complaints == []
