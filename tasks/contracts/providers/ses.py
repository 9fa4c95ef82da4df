"""Amazon SES: event publishing and feedback notifications, bare or as SNS messages."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="ses",
    marks=(("$.Type", "$.TopicArn"), ("$.Type", "$.Message", "$.MessageId"), ("$.mail.messageId",)),
    opens=("$.Message",),
    spreads=("$.bounce.bouncedRecipients", "$.complaint.complainedRecipients", "$.delivery.recipients",
             "$.deliveryDelay.delayedRecipients", "$.mail.destination"),
    kind=(("$.eventType", "$.notificationType", "$.Type"), ("$.bounce.bounceType",), ("$.bounce.bounceSubType",)),
    kinds={
        "send": "accepted",
        "delivery": "delivered",
        "deliverydelay": "deferred",
        "bounce": "soft_bounced",
        "bounce/permanent": "bounced",
        "bounce/permanent/suppressed": "suppressed",
        "bounce/permanent/onaccountsuppressionlist": "suppressed",
        "complaint": "complained",
        "reject": "rejected",
        "rendering failure": "failed",
        "open": "opened",
        "click": "clicked",
        "subscription": "unsubscribed",
        "subscriptionconfirmation": None,
        "unsubscribeconfirmation": None,
        "notification": None,  # the text by which SNS tells that a topic was set up
    },
    recipient=("@.emailAddress", "@"),
    message_id=("$.mail.messageId",),
    logged_at=("$.bounce.timestamp", "$.complaint.timestamp", "$.delivery.timestamp", "$.deliveryDelay.timestamp",
               "$.open.timestamp", "$.click.timestamp", "$.subscription.timestamp", "$.mail.timestamp"),
    event_id=("$.mail.tags.event_id[0]",),
    headers=("$.mail.headers",),
    reason=("@.diagnosticCode", "$.delivery.smtpResponse", "$.reject.reason", "$.failure.errorMessage",
            "$.complaint.complaintFeedbackType", "$.deliveryDelay.delayType", "$.bounce.bounceSubType"),
    source_id=("$.bounce.feedbackId", "$.complaint.feedbackId"),
    url=("$.click.link",),
    user_agent=("$.click.userAgent", "$.open.userAgent",),
)  # fmt: skip
