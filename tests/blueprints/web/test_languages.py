"""Which language a page speaks, and that it speaks no other."""

from __future__ import annotations

import re

import pytest

from tests import factories, hindi
from tests.blueprints.web.conftest import Visitor, said

HINDI, ENGLISH = '<html lang="hi">', '<html lang="en-IN">'


def choose(visitor, language, path="/", **more):
    return visitor.send("/language", form=path, language=language, **more)


class TestSignedOut:
    @pytest.mark.parametrize(
        ("asked", "opening"),
        [
            (None, ENGLISH),
            ("hi", HINDI),
            ("hi-IN,hi;q=0.9,en;q=0.8", HINDI),
            ("en-IN,hi;q=0.5", ENGLISH),
            ("ta-IN,hi;q=0.9,en;q=0.8", HINDI),
            ("ta,te", ENGLISH),
            (";;q=,\x7f", ENGLISH),
        ],
    )
    def test_the_browser_says_which(self, visitor, asked, opening):
        page = visitor.get("/", headers={"Accept-Language": asked} if asked else {})
        assert opening in page.text
        assert page.headers["Content-Language"] == ("hi" if opening == HINDI else "en-IN")
        assert {"Accept-Language", "Cookie"} <= set(page.vary)

    @pytest.mark.parametrize("path", ["/", "/login", "/signup"])
    def test_a_choice_counts_at_once_and_stays(self, visitor, path):
        assert "हिन्दी" in visitor.get(path).text
        answer = choose(visitor, "hi", path)
        assert (answer.status_code, answer.location) == (303, path)
        assert HINDI in visitor.get(path).text
        assert HINDI in visitor.get("/login", headers={"Accept-Language": "en"}).text, "a choice is more than a browser"
        assert "English" in visitor.get(path).text
        choose(visitor, "en", path)
        assert ENGLISH in visitor.get(path).text

    def test_the_cookie_tells_nobody_more_than_the_language(self, visitor):
        header = next(one for one in choose(visitor, "hi").headers.getlist("Set-Cookie") if "language=" in one)
        assert header.startswith("language=hi;")
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))

    def test_over_https_the_cookie_is_this_hosts_alone(self, new_app):
        app = new_app(PUBLIC_URL="https://chhota.example")
        client = app.test_client()
        page = client.get("/login", base_url="https://chhota.example").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        answer = client.post(
            "/language", data={"csrf_token": token, "language": "hi"}, base_url="https://chhota.example",
            headers={"Referer": "https://chhota.example/login"},
        )  # fmt: skip
        header = next(one for one in answer.headers.getlist("Set-Cookie") if "language=" in one)
        assert header.startswith("__Host-language=hi;")
        assert {"Secure", "Path=/"} <= set(header.split("; "))
        assert HINDI in client.get("/", base_url="https://chhota.example").text

    def test_the_way_back_stays_on_this_site(self, visitor):
        assert choose(visitor, "hi", next="//elsewhere.example/").location == "/"
        assert choose(visitor, "hi", "/login?next=/jars").location == "/login?next=/jars"

    def test_a_language_that_is_not_spoken_is_refused(self, visitor):
        assert choose(visitor, "tlh").status_code == 400
        assert not any("language=" in one for one in choose(visitor, "").headers.getlist("Set-Cookie"))
        visitor.client.set_cookie("language", "../../etc")
        assert ENGLISH in visitor.get("/").text

    def test_pages_take_turns_in_one_process(self, app):
        """What a template keeps from its first use must not keep the words of that language."""
        readers = {tag: app.test_client() for tag in ("hi", "en")}
        for _ in range(2):
            for tag, client in readers.items():
                for path in ("/", "/login", "/signup", "/nowhere"):
                    page = client.get(path, headers={"Accept-Language": tag}).text
                    assert bool(list(hindi.english_in(page))) == (tag == "en"), path


class TestSignedIn:
    def test_the_profile_says_which_whatever_the_browser_prefers(self, app):
        visitor = Visitor(app)
        visitor.log_in(factories.make_saver(app, language="hi").email)
        assert HINDI in visitor.get("/dashboard", headers={"Accept-Language": "en"}).text
        other = Visitor(app)
        choose(other, "hi")
        other.log_in(factories.make_saver(app).email)
        assert ENGLISH in other.get("/dashboard").text

    def test_a_change_counts_at_once_and_outlives_the_sign_out(self, asha, saver):
        own = {
            "name": "Asha",
            "email": saver.email,
            "phone": saver.phone,
            "display_name": "",
            "time_zone": "Asia/Kolkata",
        }
        answer = asha.send("/profile", **own, language="hi")
        assert answer.status_code == 303
        page = asha.get("/profile")
        assert HINDI in page.text
        assert said(page).strip() == "आपकी जानकारी सहेज ली गई।"
        asha.send("/logout", form="/profile")
        assert HINDI in asha.get("/login").text

    def test_a_new_account_keeps_the_language_it_was_made_in(self, visitor, app):
        choose(visitor, "hi", "/signup")
        address = factories.email()
        answer = visitor.send(
            "/signup", name="सुनीता", email=address, phone=factories.phone(), password=factories.PASSWORD
        )
        assert answer.status_code == 303
        assert said(visitor.get("/dashboard")).strip() == "नमस्ते, सुनीता। आपका खाता तैयार है।"
        elsewhere = Visitor(app)
        elsewhere.log_in(address)
        assert HINDI in elsewhere.get("/dashboard").text

    def test_both_languages_in_turn(self, app, clock):
        first, second = Visitor(app), Visitor(app)
        first.log_in(factories.make_saver(app, language="hi", name="सुनीता").email)
        second.log_in(factories.make_saver(app).email)
        for _ in range(2):
            for path in (
                "/dashboard",
                "/jars/new",
                "/streaks",
                "/badges",
                "/leaderboard",
                "/profile/notifications",
                "/score",
            ):
                assert list(hindi.english_in(first.get(path).text)) == [], path
                page = re.sub("<bdi>.*?</bdi>", "", second.get(path).text)  # names of others
                assert not re.search("[\u0900-\u097f]{2,}", page.replace("छोटा", "").replace("हिन्दी", "")), path


def test_no_page_in_hindi_says_anything_in_english(app, clock):
    reader = hindi.reader(app, clock)
    visitor = Visitor(app)
    visitor.log_in(reader.saver.email)
    walked = 0
    for path in reader.pages:
        page = visitor.get(path)
        if page.status_code == 303:
            continue  # a closed jar takes nothing
        walked += 1
        assert page.status_code == {"/nowhere": 404, "/email": 410, "/reset": 410}.get(path, 200), path
        assert HINDI in page.text, path
        assert list(hindi.english_in(page.text)) == [], path
    assert walked > 45


class TestRefusals:
    """Every form as it comes back, in the saver's language, with what was typed."""

    @pytest.fixture
    def sunita(self, app, clock):
        visitor = Visitor(app)
        self.saver = factories.make_saver(app, language="hi", name="सुनीता")
        self.jar = self.saver.jar(name="साइकिल")
        visitor.log_in(self.saver.email)
        return visitor

    @pytest.mark.parametrize(
        ("path", "values", "sentence"),
        [
            ("/jars/new", {"plan_type": "daily"}, "गुल्लक को एक नाम दें, जैसे साइकिल।"),
            ("/jars/new", {"name": "क" * 61, "plan_type": "daily", "target_amount": "5"}, "1 से 60 अक्षर लिखें।"),
            ("/jars/new", {"name": "घर", "plan_type": "yearly", "target_amount": "5"}, "दिए हुए में से एक चुनें।"),
            ("/jars/new", {"name": "घर", "plan_type": "daily", "target_amount": "5", "end_date": "2020-01-01"},
             "आख़िरी दिन शुरुआत से पहले का है।"),
            ("/jars/{jar}/deposit", {"amount": "पचास"}, "रक़म ऐसे लिखें: 250 या 1,00,000.50।"),
            ("/jars/{jar}/deposit", {"amount": "0"}, "रक़म शून्य से ज़्यादा हो।"),
            ("/jars/{jar}/deposit", {"amount": "99,99,99,99,999"}, "रक़म 1000000.00 से ज़्यादा न हो।"),
            ("/jars/{jar}/withdraw", {"amount": "५०"}, "इस गुल्लक में इतना नहीं है। कुछ नहीं निकाला गया।"),
            ("/jars/{jar}/pause", {"until": "2026-12-31"}, "ज़्यादा से ज़्यादा 30 दिन रोका जा सकता है, यहाँ 2026-08-13 तक।"),
            ("/jars/{jar}/auto-deposit", {"amount": ""}, "रक़म लिखें, जैसे 50।"),
            ("/profile/email", {"email": "x"},
             "ई-मेल ऐसे लिखें: asha@example.com।"),
            ("/profile/notifications", {"quiet_from": "noon", "quiet_until": "07:00"}, "समय ऐसे लिखें: 22:00।"),
            ("/support/new", {"subject": "", "text": "कुछ"}, "कुछ शब्दों में बताएँ कि बात क्या है।"),
            ("/leaderboard/join", {"display_name": "98765 43210"}, "यह नाम दूसरों को दिखता है"),
        ],
    )  # fmt: skip
    def test_a_form_that_cannot_be(self, sunita, path, values, sentence):
        path = path.format(jar=self.jar)
        page = sunita.send(path, form="/leaderboard" if path == "/leaderboard/join" else None, **values)
        assert page.status_code in {409, 422}, page.status_code
        assert sentence in page.text
        assert "ध्यान दें: " in page.text.partition("</title>")[0]
        typed = [value for value in values.values() if re.search("[A-Za-z]", value)]
        left = [text for text in hindi.english_in(page.text) if text not in typed]
        assert left == []

    def test_days_the_wrong_way_round(self, sunita):
        page = sunita.get(f"/jars/{self.jar}/statement.csv?from=2026-07-02&to=2026-07-01")
        assert (page.status_code, "यह पहले दिन से पहले का है।" in page.text) == (422, True)

    def test_signed_out(self, visitor):
        choose(visitor, "hi", "/login")
        page = visitor.log_in("nobody@example.com")
        assert "यह ई-मेल या नंबर और पासवर्ड आपस में मेल नहीं खाते।" in page.text
        page = visitor.send("/signup", name="सुनीता", email="a@example.com", phone=factories.phone(), password="short")
        assert "10 से 128 अक्षर रखें" in page.text
        assert list(hindi.english_in(page.text)) == []

    def test_a_stale_form_and_somebody_elses_jar(self, sunita):
        page = sunita.client.post("/jars/new", data={"csrf_token": "old"})
        assert "यह फ़ॉर्म पुराना हो गया है" in page.text
        assert list(hindi.english_in(page.text)) == []
        page = sunita.get("/jars/00000000-0000-7000-8000-000000000000")
        assert (page.status_code, "आपके पास ऐसी कोई गुल्लक नहीं है।" in page.text) == (404, True)

    def test_what_is_said_on_top(self, sunita):
        deposit = f"/jars/{self.jar}/deposit"
        key = sunita.hidden(deposit)
        assert sunita.send(deposit, carried=key, amount="१००").status_code == 303
        told = said(sunita.get(f"/jars/{self.jar}"))
        assert "₹100 जमा हो गए। अब इस गुल्लक में ₹100 हैं। एक दिन का दीया जला।" in told
        assert "नया बैज, पहला सिक्का: पहली बार कुछ बचाकर रखा।" in told
        assert sunita.send(deposit, carried=key, amount="200").status_code == 422

    def test_a_remembered_refusal_is_said_in_the_language_it_was_given_in(self, sunita):
        path = f"/jars/{self.jar}/withdraw"
        key = sunita.hidden(path)
        for _ in range(2):
            page = sunita.send(path, carried=key, amount="50")
            assert (page.status_code, "इस गुल्लक में इतना नहीं है।" in page.text) == (409, True)
