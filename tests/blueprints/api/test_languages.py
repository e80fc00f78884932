"""Problems in the language of whoever calls."""

from __future__ import annotations

import json

from tests import factories


def test_a_saver_who_reads_hindi_is_refused_in_hindi(app):
    saver = factories.make_saver(app, language="hi")
    jar = saver.jar()
    refused = saver.withdraw(jar, "50", key="once")
    assert refused.json["detail"] == "इस गुल्लक में इतना नहीं है। कुछ नहीं निकाला गया।"
    assert (refused.json["code"], refused.json["title"]) == ("insufficient_funds", "Conflict")
    again = saver.withdraw(jar, "50", key="once")
    assert again.data == refused.data
    values = {"name": "", "plan_type": "daily", "target_amount": "1.005"}
    assert saver.post("/api/jars/", values).json["errors"] == {
        "name": ["यह ख़ाली न छोड़ें।"],
        "target_amount": ["रक़म में दशमलव के बाद दो अंक तक हो सकते हैं।"],
    }
    assert saver.get("/api/jars/00000000-0000-7000-8000-000000000000/").json["detail"] == "आपके पास ऐसी कोई गुल्लक नहीं है।"


def test_the_profile_is_more_than_a_header_and_the_header_more_than_a_cookie(app):
    saver = factories.make_saver(app)
    body = {"jar_id": saver.jar(), "amount": "50"}
    refused = saver.post("/api/jars/withdraw/", body, headers={"Accept-Language": "hi"})
    assert "less in this jar" in refused.json["detail"]
    client = app.test_client()
    client.set_cookie("language", "hi")
    body = {"email": factories.email(), "password": "x"}
    assert "do not belong together" in client.post("/api/login/", json=body).json["detail"]
    said = client.post("/api/login/", json=body, headers={"Accept-Language": "hi-IN"})
    assert said.json["detail"] == "यह ई-मेल या नंबर और पासवर्ड आपस में मेल नहीं खाते।"
    assert "Set-Cookie" not in said.headers


def test_a_new_account_keeps_the_language_that_its_phone_asked_for(app):
    values = {"name": "A", "email": factories.email(), "phone": factories.phone(), "password": factories.PASSWORD}
    made = app.test_client().post("/api/signup/", json=values, headers={"Accept-Language": "hi-IN,hi;q=0.9"})
    assert (made.status_code, made.json["user"]["language"]) == (201, "hi")


def test_what_a_program_got_wrong_is_still_a_problem_document(app):
    answer = app.test_client().post("/api/login/", data=b"{", content_type="application/json",
                                    headers={"Accept-Language": "hi"})  # fmt: skip
    assert (answer.status_code, json.loads(answer.data)["code"]) == (400, "malformed_json")
