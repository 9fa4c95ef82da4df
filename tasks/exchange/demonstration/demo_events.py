"""What generated events are like: which types, places, channels and faults, and how often."""

from typing import Final

BATCH_MINUTES: Final = 60
RT_MINUTES: Final = 5
"""How long before `now` the events of a queue were created."""
DUPLICATES: Final = 0.015

EVENT_TYPES: Final = {
    "order_confirmed": 300,
    "parcel_shipped": 250,
    "invoice_ready": 120,
    "password_reset": 150,
    "security_alert": 60,
    "payment_failed": 60,
    "appointment_reminder": 25,
    "welcome": 20,
    "price_alert": 10,
    "loyalty_points": 5,
}
RT_TYPES: Final = ("order_confirmed", "password_reset", "security_alert")
PLACES: Final = {
    ("en", "GB"): 18, ("en-US", "US"): 16, ("fr", "FR"): 14, ("fr-CA", "CA"): 6, ("de", "DE"): 14, ("de_AT", "AT"): 4,
    ("es", "ES"): 10, ("pt-BR", "BR"): 6, ("nl", "NL"): 5, ("ja", "JP"): 4, (None, "SE"): 3,
}  # fmt: skip
MAILBOXES: Final = {
    "": 930, "defer+": 20, "unknown+": 12, "policy+": 8, "full+": 12, "bounce+": 10, "suppressed+": 5, "late+": 3,
}  # fmt: skip
"""How the receiving side treats a recipient: see `receiving_server` and `provider_simulator`."""
FAULTS: Final = {
    "": 980, "cut": 6, "no_type": 3, "bad_address": 5, "no_address": 2, "bad_channel": 2, "bad_date": 2,
}  # fmt: skip
SCHEDULES: Final = {None: 900, 60: 70, 3 * 24 * 60: 30}
"""Of parcels; minutes from `now`."""
EXPIRATIONS: Final = {None: 930, -1: 8, 2 * 24 * 60: 62}
FAULTY_FIELDS: Final[dict[str, dict[str, str | None]]] = {
    "no_type": {"type": None},
    "bad_address": {"email": "somebody at nowhere", "wishedChannel": "0"},
    "no_address": {"email": None, "mobilePhone": None, "registrationToken": None, "wishedChannel": "0"},
    "bad_channel": {"wishedChannel": "fax"},
    "bad_date": {"created": "2026-02-30T08:00:00Z"},
}
FIELDS: Final = (
    "id", "type", "email", "mobilePhone", "registrationToken", "wishedChannel", "language", "country", "externalId",
    "origin", "created", "scheduled", "expiration", "ctx",
)  # fmt: skip
FIRST_NAMES: Final = (
    "Ada", "Amara", "Björn", "Chloé", "Dmitri", "Elif", "Fatima", "Giulia", "Hiro", "Ines", "João", "Kofi", "Lena",
    "Mateo", "Noor", "Olga", "Priya", "Quentin", "Rosa", "Sam", "Tariq", "Uma", "Vera", "Wei", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
DOMAINS: Final = ("example.com", "example.org", "example.net", "mail.example", "post.example")
