"""Signatures of providers' webhooks, each as its provider documents it.

A signed payload that comes twice is stored once, so a replayed one does no harm and times are not judged.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_pem_x509_certificate

_SNS_HOST: Final = re.compile(r"^sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?$")
_SNS_SIGNED: Final = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SNS_NOTIFICATION: Final = frozenset({"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"})


@dataclass(frozen=True)
class Webhook:
    """A call as it came in."""

    url: str
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes
    form: Mapping[str, str]
    """The fields of a form; empty where the body is none."""


def is_signed(provider: str, call: Webhook, secret: str) -> bool:
    """Whether a call bears its provider's signature.

    Args:
        provider: One of `SCHEMES`.
        call: The call.
        secret: The signing key; of SendGrid the public key, of Amazon SES the ARN of the topic.
    """
    try:
        return SCHEMES[provider](call, secret)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature, binascii.Error, httpx.HTTPError):
        return False


def _mailgun(call: Webhook, secret: str) -> bool:
    told = call.form or json.loads(call.body)["signature"]
    expected = hmac.new(secret.encode(), f"{told['timestamp']}{told['token']}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, str(told["signature"]))


def _of_form(header: str) -> Callable[[Webhook, str], bool]:
    """The address and all fields in the order of their names, SHA-1: Mandrill and Twilio."""

    def check(call: Webhook, secret: str) -> bool:
        text = call.url + "".join(name + call.form[name] for name in sorted(call.form))
        expected = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
        return hmac.compare_digest(expected, call.headers[header])

    return check


def _of_body(header: str) -> Callable[[Webhook, str], bool]:
    """The body, SHA-256, in hexadecimal digits."""

    def check(call: Webhook, secret: str) -> bool:
        expected = hmac.new(secret.encode(), call.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, call.headers[header].removeprefix("sha256="))

    return check


def _standard(prefix: str) -> Callable[[Webhook, str], bool]:
    """Standard Webhooks: id, time and body; the header may hold several signatures."""

    def check(call: Webhook, secret: str) -> bool:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        head = f"{call.headers[f'{prefix}-id']}.{call.headers[f'{prefix}-timestamp']}."
        expected = base64.b64encode(hmac.new(key, head.encode() + call.body, hashlib.sha256).digest()).decode()
        told = [each.partition(",") for each in call.headers[f"{prefix}-signature"].split()]
        return any(version == "v1" and hmac.compare_digest(expected, value) for version, _, value in told)

    return check


def _sendgrid(call: Webhook, secret: str) -> bool:
    key = load_der_public_key(base64.b64decode(secret))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    signed = call.headers["x-twilio-email-event-webhook-timestamp"].encode() + call.body
    signature = base64.b64decode(call.headers["x-twilio-email-event-webhook-signature"])
    key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    return True


def _sns(call: Webhook, secret: str) -> bool:
    told: dict[str, Any] = json.loads(call.body)
    if told["TopicArn"] != secret:
        return False
    names = [name for name in _SNS_SIGNED if name in told]
    if told["Type"] == "Notification":
        names = [name for name in names if name in _SNS_NOTIFICATION]
    signed = "".join(f"{name}\n{told[name]}\n" for name in names).encode()
    digest = hashes.SHA256() if told["SignatureVersion"] == "2" else hashes.SHA1()  # noqa: S303 # Amazon's choice
    key = sns_key(told["SigningCertURL"])
    key.verify(base64.b64decode(told["Signature"]), signed, padding.PKCS1v15(), digest)
    return True


@lru_cache(maxsize=32)
def sns_key(address: str) -> rsa.RSAPublicKey:
    """The key of a certificate of Amazon's; any other address is not opened."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not _SNS_HOST.match(parts.hostname or "") or parts.port not in {None, 443}:
        raise ValueError(f"{address} is no certificate of Amazon SNS")
    certificate = load_pem_x509_certificate(httpx.get(address, timeout=5).raise_for_status().content)
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(f"{address} has no RSA key")
    return key


SCHEMES: Final[dict[str, Callable[[Webhook, str], bool]]] = {
    "ses": _sns,
    "sendgrid": _sendgrid,
    "mailgun": _mailgun,
    "mandrill": _of_form("x-mandrill-signature"),
    "twilio": _of_form("x-twilio-signature"),
    "resend": _standard("svix"),
    "ahasend": _standard("webhook"),
    "sweego": _standard("webhook"),
    "mailersend": _of_body("signature"),
    "mailtrap": _of_body("mailtrap-signature"),
}
"""Providers that sign; the others are known by the account's token."""
