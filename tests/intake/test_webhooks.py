"""Providers' webhooks: durable before they are answered, by token or by signature, each in its event's log."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from intake_service import RunningIntake
from lives import rows_of
from provider_payloads import PAYLOADS

from tasks.exchange.intake import signatures
from tasks.exchange.intake.signatures import Webhook, is_signed
from tasks.exchange.intake.webhook_secrets import keep_secret
from tasks.take_in_files import collect_files

SECRET = "s3cret"  # noqa: S105 # a test's own
BODY = b'{"event": "delivered"}'


def test_what_every_provider_posts_is_in_the_log_once(service: RunningIntake) -> None:
    payloads = {name: payload(str(n)) for n, (name, payload) in enumerate(PAYLOADS.items(), 1)}
    for name, payload in payloads.items():
        for _ in range(2):
            answer = service.client.post(f"/accounts/alpha/delivery-logs/{name}", json=payload)
            expected = len(payload) if isinstance(payload, list) else 1
            assert (answer.status_code, answer.json()) == (202, {"payloads": expected}), answer.text
    assert collect_files(service.run).rejected == 0
    assert collect_files(service.run).files == 0
    logged = rows_of(service.run, "select provider, count(*) from delivery_log group by 1 order by 1")
    assert logged == [(name, 1) for name in sorted(payloads)]


def test_a_form_is_the_object_of_its_fields(service: RunningIntake) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+4915112345"}
    token = service.client.headers.pop("Authorization").removeprefix("Bearer ")
    assert service.client.post("/accounts/alpha/delivery-logs/twilio", data=form).status_code == 401
    answer = service.client.post("/accounts/alpha/delivery-logs/twilio", data=form, params={"token": token})
    assert answer.status_code == 202
    events = [
        {"event": "send", "msg": {"_id": "m1", "email": "a@b.org", "metadata": {}}, "_id": "m1", "ts": 1763899200}
    ]
    posted = service.client.post(
        f"/accounts/alpha/delivery-logs/mandrill?token={token}", data={"mandrill_events": json.dumps(events)}
    )
    assert posted.status_code == 202
    collect_files(service.run)
    assert rows_of(service.run, "select provider, provider_message_id, recipient from delivery_log order by 1") == [
        ("mandrill", "m1", "a@b.org"),
        ("twilio", "SM1", "+4915112345"),
    ]


def test_where_a_secret_is_known_only_its_signature_is_taken(service: RunningIntake) -> None:
    keep_secret(service.run.settings.webhook_secrets_path, "alpha", "mailgun", SECRET)
    assert service.run.settings.webhook_secrets_path.stat().st_mode & 0o077 == 0
    signed = {"signature": mailgun_signature(), "event-data": {"event": "delivered", "recipient": "a@b.org"}}
    forged = {**signed, "signature": {**mailgun_signature(), "token": "other"}}
    service.client.headers.pop("Authorization")
    assert service.client.post("/accounts/alpha/delivery-logs/mailgun", json=signed).status_code == 202
    assert service.client.post("/accounts/alpha/delivery-logs/mailgun", json=forged).status_code == 401
    assert service.client.post("/accounts/alpha/delivery-logs/mailgun", json={"event-data": {}}).status_code == 401


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 400), (b"[1]", 400), (b"null", 400), (b"[]", 202), (b"{}", 202), (b"{" * 99_999, 400)]
)
def test_a_body_that_cannot_be_read_is_told_so(shared: RunningIntake, content: bytes, status: int) -> None:
    assert shared.client.post("/accounts/alpha/delivery-logs/ses", content=content).status_code == status


def test_there_is_no_way_in_for_a_provider_nobody_knows(shared: RunningIntake) -> None:
    assert shared.client.post("/accounts/alpha/delivery-logs/nobody", json={}).status_code == 400


def mac(key: bytes | str, text: bytes | str, kind: str = "sha256") -> bytes:
    key, text = (part.encode() if isinstance(part, str) else part for part in (key, text))
    return hmac.new(key, text, kind).digest()


def mailgun_signature() -> dict[str, str]:
    return {"timestamp": "1763899200", "token": "t", "signature": mac(SECRET, "1763899200t").hex()}


def of_form(header: str) -> tuple[str, Webhook]:
    form, url = {"b": "2", "a": "1 ä"}, "https://example.org/accounts/alpha/delivery-logs/x?token=y"
    signature = base64.b64encode(mac(SECRET, url + "a1 äb2", "sha1")).decode()
    return SECRET, Webhook(url, {header: signature}, urlencode(form).encode(), form)


def standard(prefix: str) -> tuple[str, Webhook]:
    key = base64.b64encode(b"key of 24 bytes for this").decode()
    signature = base64.b64encode(mac(base64.b64decode(key), b"id.1763899200." + BODY)).decode()
    names = {
        f"{prefix}-id": "id",
        f"{prefix}-timestamp": "1763899200",
        f"{prefix}-signature": f"v1,AAAA v1,{signature}",
    }
    return f"whsec_{key}", Webhook("u", names, BODY, {})


def of_body(header: str) -> tuple[str, Webhook]:
    return SECRET, Webhook("u", {header: mac(SECRET, BODY).hex()}, BODY, {})


def mailgun() -> tuple[str, Webhook]:
    return SECRET, Webhook("u", {}, json.dumps({"signature": mailgun_signature()}).encode(), {})


def sendgrid() -> tuple[str, Webhook]:
    key = ec.generate_private_key(ec.SECP256R1())
    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    signature = base64.b64encode(key.sign(b"1763899200" + BODY, ec.ECDSA(hashes.SHA256()))).decode()
    name = "x-twilio-email-event-webhook-"
    return public, Webhook("u", {f"{name}timestamp": "1763899200", f"{name}signature": signature}, BODY, {})


SNS_KEY = rsa.generate_private_key(65537, 2048)
TOPIC = "arn:aws:sns:eu-west-1:1:topic"


def sns(version: str = "1") -> tuple[str, Webhook]:
    told: dict[str, Any] = {
        "Type": "Notification", "MessageId": "m", "TopicArn": TOPIC, "Message": "{}",
        "Timestamp": "2025-11-23T12:00:00.000Z", "SignatureVersion": version,
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
    }  # fmt: skip
    text = "".join(f"{name}\n{told[name]}\n" for name in ("Message", "MessageId", "Timestamp", "TopicArn", "Type"))
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 # Amazon's choice
    told["Signature"] = base64.b64encode(SNS_KEY.sign(text.encode(), padding.PKCS1v15(), digest)).decode()
    return TOPIC, Webhook("u", {}, json.dumps(told).encode(), {})


SIGNED: dict[str, Callable[[], tuple[str, Webhook]]] = {
    "ses": sns,
    "sendgrid": sendgrid,
    "mailgun": mailgun,
    "mandrill": lambda: of_form("x-mandrill-signature"),
    "twilio": lambda: of_form("x-twilio-signature"),
    "resend": lambda: standard("svix"),
    "ahasend": lambda: standard("webhook"),
    "sweego": lambda: standard("webhook"),
    "mailersend": lambda: of_body("signature"),
    "mailtrap": lambda: of_body("mailtrap-signature"),
}


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands in for Amazon's host, which a test cannot reach: serves a certificate with our key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, SNS_KEY.public_key(), 1, now, now + timedelta(days=1))
    content, asked = made.sign(SNS_KEY, hashes.SHA256()).public_bytes(Encoding.PEM), list[str]()

    class Answer:
        def raise_for_status(self) -> "Answer":
            return self

        @property
        def content(self) -> bytes:
            return content

    def get(address: str, **_: object) -> Answer:
        asked.append(address)
        return Answer()

    monkeypatch.setattr(signatures.httpx, "get", get)
    signatures.sns_key.cache_clear()
    return asked


@pytest.mark.usefixtures("amazon")
@pytest.mark.parametrize("provider", signatures.SCHEMES)
def test_a_signature_is_taken_and_no_forged_one(provider: str) -> None:
    secret, call = SIGNED[provider]()
    assert is_signed(provider, call, secret)
    other_secret = f"x{secret}" if provider == "ses" else base64.b64encode(b"another key").decode()
    assert not is_signed(provider, call, other_secret)
    assert not is_signed(provider, Webhook(call.url, {}, b"{}", {}), secret)
    changed = call.body.replace(b"2025", b"2024").replace(b"delivered", b"opened").replace(b"1763", b"1764")
    form = {**call.form, "a": "2"} if call.form else {}
    assert not is_signed(provider, Webhook(call.url, call.headers, changed, form), secret)


def test_amazons_second_version_is_known_and_no_other_host_is_asked(amazon: list[str]) -> None:
    secret, call = sns("2")
    assert is_signed("ses", call, secret)
    for host in ("https://sns.eu-west-1.amazonaws.com.evil.org/", "http://sns.eu-west-1.amazonaws.com/", "https://x/"):
        told = json.loads(call.body) | {"SigningCertURL": host}
        assert not is_signed("ses", Webhook("u", {}, json.dumps(told).encode(), {}), secret)
    assert len(amazon) == 1
