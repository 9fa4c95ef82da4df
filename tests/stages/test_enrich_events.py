"""Events and what an account knows of their persons, from a real reference table to the messages."""

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from lives import deliver, ingest, process, publish, rows_of, statuses, update

from tasks.account_run import AccountRun
from tasks.contracts.accounts import Account
from tasks.contracts.enrich_events import Enrichment

PERSONS = pl.DataFrame(
    {
        "external_id": ["x-1", "x-2", "X-1 ", None, "x-4"],
        "first_name": ["Ada", 'Bob "B" \\ ü', "a second Ada", "nobody", None],
        "points": [7, 8, 9, 10, None],
        "opted_out": [False, True, True, False, None],
    }
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "persons.parquet"
    PERSONS.write_parquet(path)
    return path


def enriching(run: AccountRun, **rule: Any) -> AccountRun:
    return replace(run, account=Account(name="alpha", cell_id=3, enrichment=Enrichment(**rule)))


def lived(run: AccountRun, folder: Path, body: str, **contexts: dict[str, Any]) -> dict[str, str]:
    """Hands over an event for each person; the texts of the messages, by the person's id."""
    publish(run, [{"template_id": "t", "body_text": body}])
    events = [
        {"id": key, "type": "order", "email": "a@b.org", "externalId": key.replace("_", "-"), "ctx": ctx}
        for key, ctx in contexts.items()
    ]
    ingest(run, events, folder)
    process(run)
    deliver(run)
    texts = [pl.read_parquet(path) for path in run.settings.outbox("alpha").glob("*.parquet")]
    return dict(pl.concat(texts).select("event_key", "body_text").iter_rows()) if texts else {}


def test_templates_may_use_what_the_table_says(run: AccountRun, tmp_path: Path, table: Path) -> None:
    body = "{{ profile.first_name }}/{{ profile.points }}/{{ n }}"
    contexts = {"x_1": {"n": 1}, "x_2": {"n": 2}, "x_3": {"n": 3}, "x_4": {"n": 4}}
    assert lived(enriching(run, table=table), tmp_path, body, **contexts) == {
        "x_1": "Ada/7/1", "x_2": 'Bob "B" \\ ü/8/2', "x_3": "//3", "x_4": "//4",
    }  # fmt: skip
    assert rows_of(run, "select distinct ctx::varchar from event where event_key = 'x_1'") == [('{"n":1}',)]


def test_what_an_event_says_itself_counts_more(run: AccountRun, tmp_path: Path, table: Path) -> None:
    body = "{{ profile.first_name }}"
    texts = lived(enriching(run, table=table), tmp_path, body, x_1={"profile": {"first_name": "Eve"}}, x_4={})
    assert texts == {"x_1": "Eve"}  # x_4 has no name, and so no text
    assert rows_of(run, "select reason from delivery_log where kind = 'failed'") == [("no_content",)]


def test_who_opted_out_or_is_not_known_gets_nothing_where_the_account_says_so(
    run: AccountRun, tmp_path: Path, table: Path
) -> None:
    account = enriching(run, table=table, columns=("first_name",), opt_out="opted_out", missing="ignore")
    texts = lived(account, tmp_path, "{{ profile.first_name }}!", x_1={}, x_2={}, x_3={}, x_4={})
    assert texts == {"x_1": "Ada!", "x_4": "!"}
    update(account)
    told = statuses(account)
    assert (told["x_2"], told["x_3"]) == (("ignored", "opted_out"), ("ignored", "no_profile"))


def test_persons_may_be_found_by_their_address(run: AccountRun, tmp_path: Path) -> None:
    path = tmp_path / "mails.parquet"
    pl.DataFrame({"mail": ["A@B.org"], "name": ["Ada"], "vip": [True]}).write_parquet(path)
    account = enriching(run, table=path, event_key="email", key="mail")
    assert lived(account, tmp_path, "{{ profile.name }} {{ profile.vip }}", x_1={}) == {"x_1": "Ada True"}


@pytest.mark.parametrize(
    ("content", "trouble"),
    [(b"no Parquet", "cannot be read"), (None, "cannot be read"), ("other columns", "has no column external_id")],
)
def test_a_table_that_cannot_be_read_costs_a_try_and_nothing_leaves(
    run: AccountRun, tmp_path: Path, content: bytes | str | None, trouble: str
) -> None:
    path = tmp_path / "persons.parquet"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        PERSONS.rename({"external_id": "id"}).write_parquet(path)
    account = enriching(run, table=path)
    assert lived(account, tmp_path, "{{ profile.first_name }}", x_1={}) == {}
    ((status, tries, due),) = rows_of(run, "select status, error_count, next_try_at from event")
    assert (status, tries) == ("pending_delivery", 1)
    assert due > run.now
    assert trouble in rows_of(run, "select reason from delivery_batch")[0][0]
    PERSONS.write_parquet(path)
    later = replace(account, now=due + timedelta(seconds=1))
    assert deliver(later, now=later.now)["taken"] == 1


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("hooks_of_a_test")
    monkeypatch.setitem(sys.modules, "hooks_of_a_test", module)
    return module


def test_a_hook_may_change_data_language_and_country(run: AccountRun, tmp_path: Path, hooks: ModuleType) -> None:
    def upper(events: pl.DataFrame) -> pl.DataFrame:
        return events.reverse().with_columns(ctx=pl.col("ctx").str.to_uppercase(), country=pl.lit("FR"))

    hooks.upper = upper  # type: ignore[attr-defined]
    account = enriching(run, hook="hooks_of_a_test:upper")
    texts = lived(account, tmp_path, "{{ ctx.N }} {{ event.country }}", x_1={"n": "a"}, x_2={"n": "b"})
    assert texts == {"x_1": "A FR", "x_2": "B FR"}


@pytest.mark.parametrize(
    "hook",
    [
        lambda events: events.head(0),
        lambda events: events.drop("ctx"),
        lambda events: events.with_columns(email=pl.lit("other@example.org")),
        lambda _: 1 / 0,
        lambda _: None,
    ],
)
def test_a_hook_that_breaks_its_contract_costs_a_try_and_nothing_leaves(
    run: AccountRun, tmp_path: Path, hooks: ModuleType, hook: Any
) -> None:
    hooks.broken = hook  # type: ignore[attr-defined]
    for name in ("hooks_of_a_test:broken", "hooks_of_a_test:missing", "no.such.module:x"):
        assert lived(enriching(run, hook=name), tmp_path, "text", x_1={}) == {}
    assert rows_of(run, "select status, error_count from event") == [("pending_delivery", 1)]


def test_a_rule_that_makes_no_sense_is_refused() -> None:
    for rule in ({}, {"table": "relative.parquet"}, {"hook": "no function"}):
        with pytest.raises(ValueError, match=r"neither a table nor a hook|relative to nothing|should match"):
            Enrichment(**rule)
    assert json.loads(Enrichment(hook="a.b:c").model_dump_json())["event_key"] == "external_id"
