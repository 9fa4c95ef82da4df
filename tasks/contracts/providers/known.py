"""All formats, in the order in which a payload is asked whether it is of theirs: the most telling marks first."""

from typing import Final

from tasks.contracts.provider_logs import ProviderFormat
from tasks.contracts.providers import (
    ahasend,
    brevo,
    firetext,
    mailersend,
    mailgun,
    mailjet,
    mailomat,
    mailtrap,
    mandrill,
    mmg,
    postal,
    postmark,
    resend,
    sendgrid,
    ses,
    sparkpost,
    sweego,
    twilio,
    unisender_go,
    vonage,
)

FORMATS: Final[dict[str, ProviderFormat]] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        ses, sparkpost, unisender_go, mailgun, mandrill, postmark, sendgrid, mailjet, mailomat, mailtrap, mailersend,
        resend, ahasend, postal, sweego, brevo, twilio, vonage, mmg, firetext,
    )
}  # fmt: skip
