"""SMTP as it is spoken outside: encrypted, with certificates that are checked."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.integrations.email import Letter, NullMailer, SmtpMailer, mailer
from app.integrations.outgoing import SENT, Away, Outcome
from tests.outside import MailServer, mail_server

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")
LETTER = Letter("hello@chhota.example", "asha@example.com", b"Subject: Hello\r\n\r\nNamaste.\r\n.\r\nA dot.\r\n")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Certificate and key of 127.0.0.1, signed by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of the tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "mail.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_over_tls_to_a_server_that_shows_who_it_is(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    how: dict[str, Any] = {"ssl_context": context}
    if scheme != "smtps":
        how = {"tls_context": context, "require_starttls": True}
    with mail_server(user="chhota", password="kettle", **how) as mail:
        url = mail.url.replace("smtp://", f"{scheme}://")
        with pytest.raises(Away, match="SSLCertVerificationError"):
            SmtpMailer(url).deliver([LETTER])
        assert mail.raw == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert SmtpMailer(url).deliver([LETTER, LETTER]) == [SENT, SENT]
        assert SmtpMailer(url).reachable()
    assert mail.raw == [LETTER.content] * 2
    assert mail.recipients == [["asha@example.com"]] * 2


def answered(mail: MailServer, *answers: str) -> list[Outcome]:
    mail.answers = list(answers)
    return SmtpMailer(mail.url).deliver([LETTER] * len(answers))


def test_what_a_server_says_of_a_letter() -> None:
    with mail_server() as mail:
        assert answered(mail, "250", "451 later", "250", "552 too big") == [
            SENT,
            Outcome("retry", "smtp_451"),
            SENT,
            Outcome("refused", "smtp_552"),
        ]
        # 421: it closes the connection. The letter at hand and the rest have another turn.
        first, *others = answered(mail, "250", "421 closing", "250")
        assert first == SENT
        assert [outcome.state for outcome in others] == ["retry", "retry"]


@pytest.mark.parametrize(
    ("to", "outcome"),
    [("asha@बचत.example", SENT), ("आशा@example.com", Outcome("refused", "smtp_utf8")), ("asha@", None)],
)
def test_addresses_in_other_scripts(to: str, outcome: Outcome | None) -> None:
    with mail_server() as mail:
        (found,) = SmtpMailer(mail.url).deliver([Letter(LETTER.sender, to, LETTER.content)])
        assert found == outcome if outcome else found.state == "refused"
        if outcome == SENT:
            assert mail.recipients == [[f"asha@{'बचत'.encode('idna').decode()}.example"]]


def test_without_a_server_nothing_leaves() -> None:
    nothing = mailer({"SMTP_URL": ""})
    assert isinstance(nothing, NullMailer)
    assert (nothing.configured, nothing.reachable()) == (False, False)
    with pytest.raises(Away):
        nothing.deliver([LETTER])
    away = mailer({"SMTP_URL": "smtp://127.0.0.1:9"})
    assert (away.configured, away.reachable()) == (True, False)


def test_a_batch_that_takes_too_long_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as mail:
        monkeypatch.setattr("app.integrations.email.BATCH_SECONDS", 0.0)
        outcomes = SmtpMailer(mail.url).deliver([LETTER] * 3)
    assert outcomes == [SENT, Outcome("retry", "slow"), Outcome("retry", "slow")]
    assert len(mail.raw) == 1
