"""Alerts: raised when something begins to be wrong, told once, told again as a reminder, and told when it has ended."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

from tasks.contracts.alerts import Alert, AlertLedger, RaisedAlert, has_to_be_told
from tasks.exchange.alerting.alert_ledger import ledger, read
from tasks.exchange.alerting.deliver_alert import Channel, Mail, NotDeliveredError, Webhook
from tasks.settings import Settings

NOTHING: Final = "Nothing: it has ended."


async def raised(settings: Settings, alert: Alert) -> None:
    """Raises an alert, or notes that it goes on. Never fails a run."""
    await settle(settings, [alert], lambda _key: False, now=alert.at)


async def ended(settings: Settings, key: str, *, run_url: str = "") -> None:
    """Ends an alert where it was raised; costs the look at a small file. Never fails a run."""
    if key in read(_path(settings)).raised:
        await settle(settings, [], lambda one: one == key, now=datetime.now(UTC), run_url=run_url)


async def settle(
    settings: Settings, current: Sequence[Alert], looked_at: Callable[[str], bool], *, now: datetime, run_url: str = ""
) -> None:
    """Raises the alerts that there are, and ends those that are there no longer.

    Args:
        settings: Where the ledger is, and how alerts leave.
        current: What is wrong now.
        looked_at: Whether it was found out how the matter of a key stands; all others go on as they are.
        now: The instant of it.
        run_url: The run that found out.
    """
    try:
        with ledger(_path(settings)) as known:
            to_tell = _noted(known, current, looked_at, now=now, remind=settings.alert_reminder_hours, run_url=run_url)
    except OSError as error:
        _log().warning("%s cannot be kept, so alerts may be told more than once: %s", _path(settings), error)
        to_tell = list(current)
    undelivered = [alert.key for alert in to_tell if not await _told(settings, alert)]
    if undelivered:
        _forget_that_they_were_told(settings, undelivered)


def _noted(
    known: AlertLedger,
    current: Sequence[Alert],
    looked_at: Callable[[str], bool],
    *,
    now: datetime,
    remind: float,
    run_url: str,
) -> list[Alert]:
    """Brings the ledger up to date; what has to be told now."""
    to_tell = []
    for alert in current:
        before = known.raised.get(alert.key)
        is_told = has_to_be_told(alert, before, remind_after_hours=remind)
        if is_told:
            to_tell.append(alert)
        since, told_at = (before.since, before.told_at) if before else (now, None)
        known.raised[alert.key] = RaisedAlert(alert=alert, since=since, told_at=now if is_told else told_at)
    still = {alert.key for alert in current}
    for key in [key for key in known.raised if key not in still and looked_at(key)]:
        over = known.raised.pop(key)
        text = f"Ended, since {over.since:%Y-%m-%d %H:%M}Z: {over.alert.text}"
        news = {"severity": "ended", "text": text, "what_to_do": NOTHING, "at": now, "run_url": run_url}
        to_tell.append(over.alert.model_copy(update=news))
    return to_tell


async def _told(settings: Settings, alert: Alert) -> bool:
    """Tells an alert by each channel there is; False where one did not take it."""
    _log().warning("Alert (%s): %s", alert.severity, alert.text)
    is_delivered = True
    for channel in channels(settings):
        try:
            await channel.deliver(alert)
        except NotDeliveredError as error:
            is_delivered = False
            _log().warning("An alert was not delivered, by %s", error)
    return is_delivered


def channels(settings: Settings) -> list[Channel]:
    """The ways that are set for alerts to leave."""
    found: list[Channel] = []
    if settings.alert_webhook:
        found.append(Webhook(settings.alert_webhook.get_secret_value()))
    if settings.alert_mail_to:
        host, port = settings.alert_smtp_host, settings.alert_smtp_port
        found.append(Mail(settings.alert_mail_to, settings.alert_mail_from, host, port))
    return found


def still_raised(settings: Settings) -> list[RaisedAlert]:
    """The alerts that have not ended, the oldest first."""
    return sorted(read(_path(settings)).raised.values(), key=lambda one: one.since)


def _forget_that_they_were_told(settings: Settings, keys: Sequence[str]) -> None:
    try:
        with ledger(_path(settings)) as known:
            for key in known.raised.keys() & set(keys):
                known.raised[key] = known.raised[key].model_copy(update={"told_at": None})
    except OSError as error:
        _log().warning("%s cannot be kept: %s", _path(settings), error)


def _path(settings: Settings) -> Path:
    return settings.home / "alerts.json"


def _log() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    return get_run_logger() if FlowRunContext.get() else logging.getLogger(__name__)
