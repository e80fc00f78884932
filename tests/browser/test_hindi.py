"""The pages in Hindi, in a real browser: whole, in one language, and no wider than a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import factories, hindi
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
NARROW = (320, 640)


def test_from_the_first_page_to_a_deposit_without_a_script(visit: Callable[..., Visit]) -> None:
    browser = visit(size=NARROW, script=False)
    browser.go("/")
    browser.send("हिन्दी")
    assert browser.sideways() <= 0
    assert browser.says("रोज़ ₹10 से शुरुआत।")
    head = browser.page.locator(".top-actions")
    assert head.bounding_box()["height"] <= 56, "the choice of language and the way in stand side by side"
    browser.follow("पहली गुल्लक शुरू करें")
    browser.fill(name="सुनीता", email=factories.email(), phone=factories.phone(), password=factories.PASSWORD)
    browser.send("मेरा खाता बनाएँ")
    assert browser.says("नमस्ते, सुनीता। आपका खाता तैयार है।")
    assert list(hindi.english_in(browser.page.content())) == []
    browser.fill(name="साइकिल", target_amount="५,०००")
    browser.send("आगे बढ़ें")
    assert list(hindi.english_in(browser.page.content())) == []
    browser.fill(installment_amount="५०")
    browser.send("यह गुल्लक बनाएँ")
    assert browser.says("“साइकिल” तैयार है।")
    assert list(hindi.english_in(browser.page.content())) == []
    assert browser.sideways() <= 0
    browser.fill(**{"deposit-amount": "₹ ५०"})
    browser.send("जमा करें")
    assert browser.says("₹50 जमा हो गए। अब इस गुल्लक में ₹50 हैं।")
    assert browser.says("नया बैज, पहला सिक्का")
    browser.go("/profile")
    browser.page.select_option("#language", "en")
    browser.send("बदलाव सहेजें")
    assert browser.says("Your details are saved.")
    assert browser.page.locator("html").get_attribute("lang") == "en-IN"
    assert browser.complaints == []
