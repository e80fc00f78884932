"""What no page of the console sends: bodies that are no form, and words of somebody's in an address."""

from __future__ import annotations

import pytest

from tests.attacks.walking import Person


@pytest.mark.parametrize(
    "body", ["[1, 2]", "5", '"x"', '{"named": 5, "chosen": 5, "kind": 5}', '{"named": [[1]], "chosen": [null]}', "{"]
)
def test_a_form_is_read_from_a_form_alone(admin: Person, body: str) -> None:
    """The token may come in a header, and then a body of another kind gets as far as the form."""
    for path, status in (("/ops/jump/", 422), ("/ops/scores/recalculate", 303), ("/ops/jobs/run", 422)):
        headers = {"X-CSRFToken": admin.form_token}
        answer = admin.browser.post(path, data=body, content_type="application/json", headers=headers)
        assert answer.status_code == status, path
