from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyotp
import pytest
from cryptography.fernet import Fernet
from werkzeug.test import TestResponse

from app.services.identity import sealing, two_factor
from app.transactions import fetch, queue, run
from tests import factories
from tests.factories import PASSWORD, Saver
from tests.services.identity.conftest import House

STEP = two_factor.current_step()


@pytest.fixture(autouse=True)
def one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a test within one half minute."""
    monkeypatch.setattr(two_factor, "current_step", lambda: STEP)


def code_of(secret: str, step: int = 0) -> str:
    """What an authenticator app shows now, or some steps from now."""
    return pyotp.TOTP(secret).generate_otp(STEP + step)


def set_up(saver: Saver) -> tuple[str, list[str]]:
    """Switch it on; the secret of the app, and the recovery codes."""
    begun = saver.post("/api/two-factor/")
    assert begun.status_code == 201
    secret = begun.json["secret"]
    assert re.fullmatch(r"[A-Z2-7]{32}", secret)
    assert begun.json["uri"].startswith(f"otpauth://totp/Chhota:{saver.email.replace('@', '%40')}?secret={secret}")
    # The code of the step before is a moment old and still counts; the one of now stays for the test.
    answer = saver.post("/api/two-factor/confirm/", {"code": code_of(secret, -1)})
    assert answer.status_code == 200, answer.json
    return secret, answer.json["recovery_codes"]


def log_in(house: House, saver: Saver, **more: str) -> TestResponse:
    return house.app.test_client().post("/api/login/", json={"email": saver.email, "password": PASSWORD, **more})


def refused(answer: TestResponse, status: int, code: str, *fields: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert list(answer.json.get("errors", {})) == list(fields)


def test_it_counts_once_a_code_of_the_app_confirms_it(house: House) -> None:
    saver = house.saver()
    secret = saver.post("/api/two-factor/").json["secret"]
    assert saver.post("/api/two-factor/").json["secret"] == secret, "asked for again, the same one"
    assert log_in(house, saver).status_code == 200, "nothing changes before that"
    for wrong in ("000000", code_of(pyotp.random_base32()), code_of(secret, -3), code_of(secret, 3)):
        refused(saver.post("/api/two-factor/confirm/", {"code": wrong}), 422, "code_invalid", "code")
    assert saver.get("/api/two-factor/").json == {"on": False, "recovery_codes_left": 0}
    answer = saver.post("/api/two-factor/confirm/", {"code": code_of(secret)})
    assert answer.status_code == 200
    assert len(set(answer.json["recovery_codes"])) == 10
    assert saver.get("/api/two-factor/").json == {"on": True, "recovery_codes_left": 10}
    refused(saver.post("/api/two-factor/"), 409, "two_factor_on")
    refused(saver.post("/api/two-factor/confirm/", {"code": code_of(secret, 1)}), 409, "two_factor_on")
    assert house.told(saver) == ["two_factor_on"]
    assert house.audited(saver) == [("two_factor_on", {})]


def test_signing_in_asks_for_the_code_and_says_so(house: House) -> None:
    saver = house.saver()
    secret, _ = set_up(saver)
    refused(log_in(house, saver), 401, "otp_required")
    refused(log_in(house, saver, otp="000000"), 401, "otp_invalid", "otp")
    wrong = house.app.test_client().post(
        "/api/login/", json={"email": saver.email, "password": "wrong", "otp": code_of(secret)}
    )
    refused(wrong, 401, "invalid_credentials")
    code = code_of(secret)
    answer = log_in(house, saver, otp=f"{code[:3]} {code[3:]}")
    assert answer.status_code == 200
    assert set(answer.json) == {"user", "access_token", "refresh_token", "token_type", "expires_in"}
    # A code of somebody who has none is no reason to refuse.
    assert log_in(house, house.saver(), otp="123456").status_code == 200


def test_a_code_is_taken_once_also_when_it_comes_twice_at_once(house: House) -> None:
    saver = house.saver()
    secret, _ = set_up(saver)
    code = code_of(secret)
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda _: log_in(house, saver, otp=code).status_code, range(8)))
    assert statuses == [200, *[401] * 7]
    refused(log_in(house, saver, otp=code_of(secret, -1)), 401, "otp_invalid", "otp")
    assert log_in(house, saver, otp=code_of(secret, 1)).status_code == 200
    refused(log_in(house, saver, otp=code), 401, "otp_invalid", "otp")


@pytest.mark.parametrize("otp", ["", "12345", "1234567", "१२३४५६", "abcdefghij", "-----", "0" * 32, "' OR 1=1 --"])
def test_what_is_no_code_opens_nothing(house: House, otp: str) -> None:
    saver = house.saver()
    set_up(saver)
    answer = log_in(house, saver, otp=otp)
    assert answer.json["code"] in {"otp_invalid", "validation_error"}


def test_a_recovery_code_opens_once(house: House) -> None:
    saver = house.saver()
    _, codes = set_up(saver)
    assert log_in(house, saver, otp=codes[0].upper().replace("-", " ")).status_code == 200
    refused(log_in(house, saver, otp=codes[0]), 401, "otp_invalid", "otp")
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda _: log_in(house, saver, otp=codes[1]).status_code, range(8)))
    assert statuses == [200, *[401] * 7]
    assert saver.get("/api/two-factor/").json["recovery_codes_left"] == 8
    assert house.told(saver) == ["two_factor_on", "recovery_code_used", "recovery_code_used"]
    assert house.audited(saver)[1:] == [("recovery_code_used", {"left": 9}), ("recovery_code_used", {"left": 8})]
    stranger = house.saver()
    set_up(stranger)
    refused(log_in(house, stranger, otp=codes[2]), 401, "otp_invalid", "otp")


def test_new_recovery_codes_end_those_before(house: House) -> None:
    saver = house.saver()
    secret, codes = set_up(saver)
    path = "/api/two-factor/recovery-codes/"
    refused(saver.post(path, {"password": "wrong", "otp": codes[0]}), 422, "validation_error", "password")
    refused(saver.post(path, {"password": PASSWORD, "otp": "000000"}), 422, "code_invalid", "otp")
    answer = saver.post(path, {"password": PASSWORD, "otp": code_of(secret)})
    assert answer.status_code == 200
    assert not set(answer.json["recovery_codes"]) & set(codes)
    refused(log_in(house, saver, otp=codes[5]), 401, "otp_invalid", "otp")
    assert log_in(house, saver, otp=answer.json["recovery_codes"][5]).status_code == 200
    refused(house.saver().post(path, {"password": PASSWORD, "otp": "123456"}), 409, "two_factor_off")


def test_switching_it_off_needs_the_password_and_a_code(house: House) -> None:
    saver = house.saver()
    secret, codes = set_up(saver)
    path = "/api/two-factor/"
    for body, fields in (
        ({"password": "wrong", "otp": codes[0]}, ("password",)),
        ({"password": PASSWORD, "otp": "000000"}, ("otp",)),
        ({"password": PASSWORD}, ("otp",)),
        ({"otp": codes[0]}, ("password",)),
    ):
        answer = saver.call("DELETE", path, body)
        assert (answer.status_code, tuple(answer.json["errors"])) == (422, fields)
    assert saver.call("DELETE", path, {"password": PASSWORD, "otp": codes[0]}).status_code == 204
    assert saver.get(path).json == {"on": False, "recovery_codes_left": 0}
    assert log_in(house, saver).status_code == 200
    refused(saver.call("DELETE", path, {"password": PASSWORD, "otp": code_of(secret)}), 409, "two_factor_off")
    assert house.told(saver)[-1] == "two_factor_off"
    assert [action for action, _ in house.audited(saver)][-1] == "two_factor_off"
    again, _ = set_up(saver)
    assert again != secret


def test_setting_it_up_needs_a_fresh_sign_in(house: House) -> None:
    saver = house.saver()
    run(lambda: queue("UPDATE refresh_families SET created_at = created_at - interval '16 minutes'"))
    refused(saver.post("/api/two-factor/"), 403, "fresh_sign_in_required")
    refused(saver.post("/api/two-factor/confirm/", {"code": "123456"}), 403, "fresh_sign_in_required")
    assert saver.post("/api/sign-ins/confirm/", {"password": PASSWORD}).status_code == 204
    assert saver.post("/api/two-factor/").status_code == 201


def test_who_has_it_shows_who_they_are_with_both(house: House) -> None:
    saver = house.saver()
    secret, _ = set_up(saver)
    path = "/api/sign-ins/confirm/"
    refused(saver.post(path, {"password": PASSWORD}), 401, "otp_required")
    refused(saver.post(path, {"password": PASSWORD, "otp": "000000"}), 422, "code_invalid", "otp")
    refused(saver.post(path, {"password": "wrong", "otp": code_of(secret)}), 422, "validation_error", "password")
    assert saver.post(path, {"password": PASSWORD, "otp": code_of(secret)}).status_code == 204


def test_nothing_kept_opens_anything(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    saver = house.saver()
    secret, codes = set_up(saver)
    log_in(house, saver, otp=codes[0])
    held = house.outbox()
    written = capfd.readouterr()
    for text in (secret, *codes, *(code.replace("-", "") for code in codes)):
        assert text not in held
        assert text not in written.out + written.err


# ---- the keys ----


def test_keys_rotate(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setitem(house.app.config, "ENCRYPTION_KEYS", first)
    saver, other = house.saver(), house.saver()
    secret, _ = set_up(saver)
    other_secret, _ = set_up(other)

    def sealed(whose: Saver) -> str:
        ((text,),) = run(lambda: fetch("SELECT secret FROM two_factor WHERE user_id = %s", (whose.id,)))
        return str(text)

    assert secret not in sealed(saver)
    assert Fernet(first).decrypt(sealed(saver).encode()).decode() == secret
    monkeypatch.setitem(house.app.config, "ENCRYPTION_KEYS", f"{second},{first}")
    assert log_in(house, saver, otp=code_of(secret)).status_code == 200
    assert Fernet(second).decrypt(sealed(saver).encode()).decode() == secret, "sealed anew when it was used"
    run(lambda: queue("DELETE FROM two_factor WHERE NOT user_id = ANY(%s::uuid[])", ([str(saver.id), str(other.id)],)))
    assert run(two_factor.reseal_all) == 2
    monkeypatch.setitem(house.app.config, "ENCRYPTION_KEYS", second)
    assert log_in(house, other, otp=code_of(other_secret)).status_code == 200
    monkeypatch.setitem(house.app.config, "ENCRYPTION_KEYS", Fernet.generate_key().decode())
    with pytest.raises(ValueError, match="does not have"):
        sealing.unseal(sealed(saver))


# ---- staff ----


def test_staff_without_it_reach_no_call_of_the_staff(house: House, superuser: Any) -> None:
    admin = factories.make_staff(house.app)
    assert admin.get("/api/jobs/00000000-0000-0000-0000-000000000001/").json["code"] == "not_found"
    run(lambda: queue("UPDATE users SET two_factor_at = NULL WHERE id = %s", (admin.id,)))
    for method, path in (("GET", "/api/jobs/00000000-0000-0000-0000-000000000001/"), ("POST", "/api/predict-score/")):
        refused(admin.call(method, path), 403, "two_factor_required")
    assert admin.get("/api/profile/").status_code == 200, "what is their own stays theirs"
    run(lambda: queue("DELETE FROM two_factor WHERE user_id = %s", (admin.id,)))
    set_up(admin)
    assert admin.get("/api/jobs/00000000-0000-0000-0000-000000000001/").status_code == 404
