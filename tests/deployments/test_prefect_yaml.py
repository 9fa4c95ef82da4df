import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deployments.account_flows import ACCOUNT_FLOWS
from deployments.render import PREFECT_YAML, ROSTER
from deployments.wanted import PrefectYamlError, WantedDeployment, wanted_deployments
from tasks.contracts.run_limits import MANAGED
from tasks.exchange.roster import load_roster
from tasks.settings import PROJECT

ACCOUNTS = load_roster(ROSTER)
DEPLOYMENTS = wanted_deployments(ACCOUNTS)
REQUIRED = {"account": "retail", "path": "templates", "events": 1_000, "seed": 7}
BOUNDS = {
    "string": ({"enum"}, {"const"}, {"pattern"}, {"maxLength"}, {"format"}),
    "integer": ({"enum"}, {"minimum", "maximum"}),
    "number": ({"enum"}, {"minimum", "maximum"}),
    "array": ({"maxItems"},),
    "object": ({"maxProperties"}, {"additionalProperties"}),
}
each_deployment = pytest.mark.parametrize("wanted", DEPLOYMENTS, ids=lambda wanted: wanted.name)


def for_accounts(prefix: str) -> list[WantedDeployment]:
    return [wanted for wanted in DEPLOYMENTS if wanted.name.startswith(f"{prefix}_")]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("pull: []", "pul: []"),
        ("pull: []", "pull: [{step: {}}]"),
        ("    concurrency_limit: {limit: 1, coll", "    concurrency_options: {limit: 1, coll"),
        ("collision_strategy: CANCEL_NEW", "collision_strategy: CANCEL_NEWEST"),
        ("limit: 1, collision_strategy", "limits: 1, collision_strategy"),
        ("working_dir:", "workdir:"),
        ("      name: local", "      nam: local"),
        ("parameters: {events", "parameter: {events"),
        ("  - name: ingest-events\n", "  - name: deliver-events\n"),
        ("entrypoint: flows.ingest_events:ingest_events", "entrypoint: flows/ingest_events.py:ingest_events"),
    ],
)
def test_a_key_or_value_that_prefect_would_overlook_is_refused(right: str, wrong: str) -> None:
    text = PREFECT_YAML.read_text(encoding="utf-8")
    assert right in text
    with pytest.raises(PrefectYamlError):
        wanted_deployments(ACCOUNTS, text.replace(right, wrong, 1))


def test_a_placeholder_that_nothing_fills_is_refused() -> None:
    text = PREFECT_YAML.read_text(encoding="utf-8").replace("$MESSAGE_CENTER_PYTHON", "$NO_SUCH_VARIABLE_HERE")
    with pytest.raises(PrefectYamlError, match="NO_SUCH_VARIABLE_HERE"):
        _ = wanted_deployments(ACCOUNTS, text)[0].job_variables


def test_every_flow_has_a_deployment() -> None:
    flows = {path.stem for path in (PROJECT / "flows").glob("*.py")} - {"__init__"}
    assert {wanted.entrypoint for wanted in DEPLOYMENTS} == {f"flows.{stem}:{stem}" for stem in flows}


@each_deployment
def test_the_entrypoint_is_a_flow_named_after_its_function(wanted: WantedDeployment) -> None:
    assert wanted.flow.name == wanted.entrypoint.partition(":")[2].replace("_", "-")


@each_deployment
def test_the_parameters_are_accepted_by_the_flow(wanted: WantedDeployment) -> None:
    asked_for = {name: REQUIRED[name] for name in wanted.flow.parameters.required}
    assert wanted.flow.validate_parameters(asked_for | wanted.parameters)


@each_deployment
def test_the_form_describes_and_bounds_every_parameter(wanted: WantedDeployment) -> None:
    schema = wanted.flow.parameters
    for name, form in schema.properties.items():
        assert form.get("description"), f"{wanted.flow.name}: parameter {name} has no description"
        for part in parts(form, schema.definitions):
            choices = BOUNDS.get(part.get("type", ""), (set(),))
            assert any(bounds <= part.keys() for bounds in choices), f"{wanted.flow.name}: {name} is unbounded: {part}"


def parts(form: dict[str, Any], definitions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if reference := form.get("$ref"):
        yield from parts(definitions[reference.rpartition("/")[2]], definitions)
    nested = [*form.get("anyOf", []), *form.get("allOf", []), *form.get("properties", {}).values()]
    for inner in [*nested, *([form["items"]] if "items" in form else [])]:
        yield from parts(inner, definitions)
    yield form


@each_deployment
def test_it_runs_in_the_environment_that_deployed_it(wanted: WantedDeployment) -> None:
    command = shlex.split(wanted.job_variables["command"])
    assert command == [sys.executable, "-m", "prefect.engine"]
    assert Path(wanted.job_variables["working_dir"]) == PROJECT
    assert wanted.work_pool.name == "local"
    assert MANAGED in wanted.tags


def test_its_runs_use_the_home_whose_roster_was_deployed(home: Path) -> None:
    assert DEPLOYMENTS[0].job_variables["env"] == {"MESSAGE_CENTER_HOME": str(home)}


def test_a_home_that_the_file_names_stays(home: Path) -> None:
    text = PREFECT_YAML.read_text(encoding="utf-8")
    own = text.replace(
        "working_dir:", 'env: {MESSAGE_CENTER_HOME: "{{ $MESSAGE_CENTER_PROJECT }}/own"}\n        working_dir:'
    )
    [first, *_] = wanted_deployments(ACCOUNTS, own)
    assert home != PROJECT / "own"
    assert first.job_variables["env"] == {"MESSAGE_CENTER_HOME": str(PROJECT / "own")}


def test_without_a_home_its_runs_use_that_of_their_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MESSAGE_CENTER_HOME", raising=False)
    assert "env" not in DEPLOYMENTS[0].job_variables


@pytest.mark.parametrize(
    ("prefix", "entrypoint", "tag", "parameters"),
    [
        ("batchEventsProcessing", "flows.process_batch_events:process_batch_events", "batch", {"ingest": True}),
        (
            "rtEventsProcessing",
            "flows.process_rt_events:process_rt_events",
            "rt",
            {"ingest": True, "run_seconds": 600},
        ),
        (
            "updateEventStatus",
            "flows.update_event_status:update_event_status",
            "status",
            {"collect": True, "recycle": True},
        ),
        ("mcSynch", "flows.archive_events:archive_events", "archive", {}),
        ("cleanup", "flows.purge_events:purge_events", "purge", {"dry_run": False}),
    ],
)
def test_each_account_has_each_of_message_centers_workflows_under_its_name(
    prefix: str, entrypoint: str, tag: str, parameters: dict[str, bool | int]
) -> None:
    assert [(one.name, one.entrypoint, one.tags, one.parameters) for one in for_accounts(prefix)] == [
        (
            f"{prefix}_{each.name}",
            entrypoint,
            [MANAGED, tag, f"account:{each.name}"],
            {"account": each.name} | parameters,
        )
        for each in ACCOUNTS
    ]


def test_no_flow_of_an_account_runs_twice_at_once_but_for_the_loop_and_the_run_that_follows_it() -> None:
    own = [wanted for wanted in DEPLOYMENTS if "account" in wanted.parameters]
    limits = [(wanted.name.partition("_")[0], wanted.concurrency_limit) for wanted in own]
    assert len(own) == len(ACCOUNT_FLOWS) * len(ACCOUNTS)
    assert [(limit.limit, limit.collision_strategy) for _, limit in limits if limit] == [
        (2 if prefix == "rtEventsProcessing" else 1, "CANCEL_NEW") for prefix, _ in limits
    ]


@pytest.mark.parametrize(
    ("prefix", "seconds"),
    [("batchEventsProcessing", 300), ("rtEventsProcessing", 600), ("updateEventStatus", 300), ("cleanup", 86_400)],
)
def test_the_other_workflows_run_as_often_as_documented(prefix: str, seconds: int) -> None:
    intervals = [[each.interval.total_seconds() for each in one.schedules] for one in for_accounts(prefix)]
    assert intervals == [[seconds]] * len(ACCOUNTS)


def test_each_account_is_archived_as_often_as_it_says() -> None:
    intervals = {
        wanted.parameters["account"]: [each.interval for each in wanted.schedules] for wanted in for_accounts("mcSynch")
    }
    assert intervals == {account.name: [account.archive_every] for account in ACCOUNTS}


@each_deployment
def test_schedules_have_slugs_of_their_own_and_begin_in_the_past(wanted: WantedDeployment) -> None:
    slugs = [schedule.slug for schedule in wanted.schedules]
    assert len(set(slugs)) == len(slugs)
    assert all(schedule.anchor_date < datetime(2026, 3, 1, tzinfo=UTC) for schedule in wanted.schedules)
