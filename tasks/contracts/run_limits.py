"""How long a run of each flow may take, how often a stage is tried, and when runs are late."""

from datetime import timedelta
from typing import Final

MANAGED: Final = "managed-by:message-center"
"""Tag of every deployment that this project makes."""
RUN_LIMITS: Final = {
    "ingest-events": timedelta(hours=1),
    "process-batch-events": timedelta(hours=1),
    "process-rt-events": timedelta(hours=2),
    "deliver-events": timedelta(hours=1),
    "collect-delivery-logs": timedelta(hours=1),
    "update-event-status": timedelta(minutes=30),
    "archive-events": timedelta(hours=1),
    "purge-events": timedelta(hours=4),
    "recycle-events": timedelta(hours=1),
    "replay-events": timedelta(hours=1),
    "backfill-events": timedelta(hours=4),
    "publish-templates": timedelta(minutes=15),
    "show-reports": timedelta(minutes=30),
    "check-health": timedelta(minutes=4),
    "demo": timedelta(hours=4),
}
"""By the flow's name. A run that is over its limit fails, and goes on from what it committed when it is started again.

Longest where a run is a loop (`process-rt-events`) or deletes a backlog (`purge-events`); a check of health is over
before the next one begins.
"""
LAST_RESORT: Final = timedelta(minutes=1)
"""How much later Prefect's own timeout ends a run, which could not say what to do."""
RETRY_DELAYS: Final = (5.0, 30.0)
"""Seconds between the tries of a stage, where another try can help."""
LATE_AFTER: Final = timedelta(minutes=1)
"""How long a run may wait for its start."""
SILENT_INTERVALS: Final = 3
"""After how many intervals without a completed run a deployment is silent."""
