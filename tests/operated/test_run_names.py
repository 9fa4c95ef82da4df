"""What runs are called."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tasks.run_names import run_name

SCHEDULED = datetime(2026, 11, 25, 22, 5, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"account": "retail", "now": None}, "retail 2026-11-25 22:05Z"),
        ({"account": "retail", "queue": "rt"}, "retail rt 2026-11-25 22:05Z"),
        ({"account": "retail", "queue": None, "dry_run": True}, "retail dry run 2026-11-25 22:05Z"),
        ({"account": None}, "all accounts 2026-11-25 22:05Z"),
        ({"path": "templates/", "at": datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))},
         "templates/ 2025-12-31 23:00Z"),
        ({"account": "retail", "now": "2026-11-01T00:00:00+00:00"}, "retail 2026-11-01 00:00Z"),
    ],
)  # fmt: skip
def test_a_run_is_named_by_what_it_works_for(parameters: dict[str, object], name: str) -> None:
    assert run_name(parameters, scheduled=SCHEDULED) == name
