"""A small payload of each provider: a message of ours that was delivered, to `ada@example.org` or a phone."""

import json
from collections.abc import Callable
from typing import Any

MAIL = "ada@example.org"
PHONE = "4915112345"
AT = 1_763_899_200  # 2025-11-23 12:00:00 UTC
ISO = "2025-11-23T12:00:00Z"


def ses(event_id: str) -> Any:
    mail = {"messageId": "m1", "destination": [MAIL], "headers": [{"name": "X-Event-ID", "value": event_id}]}
    said = {"notificationType": "Delivery", "mail": mail, "delivery": {"timestamp": ISO, "recipients": [MAIL]}}
    return {"Type": "Notification", "MessageId": "n1", "TopicArn": "arn:x", "Message": json.dumps(said)}


PAYLOADS: dict[str, Callable[[str], Any]] = {
    "ses": ses,
    "sendgrid": lambda event_id: [
        {"event": "delivered", "email": MAIL, "timestamp": AT, "sg_event_id": "s", "sg_message_id": "m1.filter0",
         "event_id": event_id}
    ],
    "postmark": lambda event_id: {
        "RecordType": "Delivery", "MessageID": "m1", "Recipient": MAIL, "DeliveredAt": ISO,
        "Metadata": {"event_id": event_id},
    },
    "mailgun": lambda event_id: {
        "signature": {"token": "t", "timestamp": str(AT), "signature": "s"},
        "event-data": {
            "event": "delivered", "id": "e", "timestamp": AT + 0.25, "recipient": MAIL,
            "message": {"headers": {"message-id": "m1"}}, "user-variables": {"event_id": event_id},
        },
    },
    "sparkpost": lambda event_id: [
        {"msys": {}},
        {"msys": {"message_event": {"type": "delivery", "raw_rcpt_to": MAIL, "transmission_id": "m1", "event_id": "1",
                                    "timestamp": str(AT), "rcpt_meta": {"event_id": event_id}}}},
    ],
    "mailjet": lambda event_id: {"event": "sent", "time": AT, "MessageID": 1, "email": MAIL, "CustomID": event_id},
    "brevo": lambda event_id: {
        "event": "delivered", "email": MAIL, "message-id": "<m1>", "ts_epoch": AT * 1000,
        "X-Mailin-custom": json.dumps({"event_id": event_id}),
    },
    "mandrill": lambda event_id: {
        "mandrill_events": json.dumps(
            [{"event": "delivered", "ts": AT, "_id": "m1", "msg": {"email": MAIL, "metadata": {"event_id": event_id}}}]
        )
    },
    "resend": lambda event_id: {
        "type": "email.delivered", "created_at": ISO,
        "data": {"email_id": "m1", "to": [MAIL], "headers": [{"name": "X-Event-ID", "value": event_id}]},
    },
    "mailtrap": lambda event_id: {
        "events": [{"event": "delivery", "message_id": "m1", "event_id": "x", "email": MAIL, "timestamp": AT,
                    "custom_variables": {"event_id": event_id}}]
    },
    "unisender_go": lambda event_id: {
        "auth": "x",
        "events_by_user": [{"user_id": 1, "events": [{"event_name": "transactional_email_status", "event_data": {
            "job_id": "m1", "email": MAIL, "status": "delivered", "event_time": "2025-11-23 12:00:00",
            "metadata": {"event_id": event_id}}}]}],
    },
    "twilio": lambda event_id: {
        "MessageSid": "m1", "MessageStatus": "delivered", "To": "+" + PHONE, "event_id": event_id
    },
    "vonage": lambda event_id: {
        "message_uuid": "m1", "status": "delivered", "to": PHONE, "timestamp": ISO, "client_ref": event_id
    },
}  # fmt: skip
"""By provider, with our event id where the provider carries it."""

WITHOUT_EVENT_ID: dict[str, Any] = {
    "mailersend": {"type": "activity.delivered", "webhook_id": "w", "domain_id": "d",
                   "data": {"type": "delivered", "message_id": "m1", "recipient": MAIL, "created_at": ISO}},
    "postal": {"event": "MessageSent", "uuid": "u", "timestamp": AT + 0.5, "payload": {
        "status": "Sent", "message": {"direction": "outgoing", "message_id": "m1", "to": MAIL}}},
    "mailomat": {"id": "i", "eventType": "delivered", "occurredAt": ISO, "messageUuid": "u", "messageId": "m1",
                 "recipient": MAIL},
    "sweego": {"event_type": "delivered", "swg_uid": "m1", "event_id": "e", "timestamp": ISO, "recipient": MAIL},
    "ahasend": {"type": "message.delivered", "timestamp": ISO, "data": {
        "account_id": "a", "id": "m1", "recipient": MAIL}},
    "mmg": {"CID": "m1", "status": "3", "substatus": "2", "MSISDN": PHONE, "deliverytime": "2025-11-23 12:00:00"},
    "firetext": {"reference": "m1", "status": "0", "mobile": PHONE, "time": "2025-11-23 12:00:00", "code": "000"},
}  # fmt: skip
"""Of those that know the message by an id of their own alone."""

POSTFIX = (
    "Nov 23 12:00:00 mx postfix/smtp[7]: 3F2A1B0C9D: to=<ada@example.org>, relay=mx.example.org[192.0.2.1]:25, "
    "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n"
)
EXIM = (
    "2025-11-23 12:00:00 1vN1ab-0001Cd-2E => ada@example.org R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.1] "
    'C="250 OK"\n'
)


def dsn(event_id: str, *, action: str = "failed", status: str = "5.1.1") -> str:
    """A report on one recipient."""
    return f"""From: MAILER-DAEMON@mx.example.org
To: bounce@example.com
Subject: Undelivered Mail
Date: Sun, 23 Nov 2025 12:00:00 +0000
Message-ID: <report@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=B

--B
Content-Type: text/plain

It could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; Ada@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--B
Content-Type: text/rfc822-headers

Message-ID: <m1@example.com>
X-Event-ID: {event_id}
Subject: Your order

--B--
"""
