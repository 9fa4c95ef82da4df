"""The tables that analysts rely on, in both kinds of store."""

import pytest
from archivables import rows

from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.settings import Settings
from tasks.store.archive_spool import store_columns
from tasks.store.connection import StoreFile

PUBLIC = {
    "event": "event_id event_key parent_event_id queue event_type channel email mobile_phone registration_token "
    "language country external_id origin ctx created_at received_at scheduled_at expires_at status reason "
    "error_count next_try_at template_id template_version delivery_id processing_at processed_at source_file "
    "change_seq",
    "template": "template_id version event_type channel queue language priority condition published_at "
    "unpublished_at paused subject body_text body_html sender",
    "delivery": "delivery_id",
    "delivery_log": "event_id delivery_id recipient kind rank logged_at reason provider provider_message_id "
    "source_id applied change_seq",
    "log_message": "message_key",
    "tracking_url": "url_id",
    "tracking_log": "tracking_key",
    "quarantine": "address",
    "rejected_event": "content_hash line reason raw",
    "ingested_file": "content_hash",
    "queue_sample": "sampled_at queue pending",
}


@pytest.fixture
def control(settings: Settings) -> StoreFile:
    return StoreFile(settings.control_store, "control", 5)


def _typed(store: StoreFile) -> dict[str, list[tuple[str, str]]]:
    columns = store_columns(store)
    return {
        table.name: columns.filter(table_name=table.name).select("column_name", "data_type").rows()
        for table in ARCHIVED_TABLES
    }


def test_the_archive_has_the_columns_of_the_account_in_their_order_and_types(
    store: StoreFile, control: StoreFile
) -> None:
    assert _typed(control) == _typed(store)


def test_every_archived_table_begins_with_its_account_and_has_its_key_day_and_change_sequence(
    control: StoreFile,
) -> None:
    for table in ARCHIVED_TABLES:
        named = [name for (name,) in rows(control, f"select column_name from (describe {table.name})")]  # noqa: S608
        assert named[0] == "account"
        needed = {*table.key, "change_seq", *filter(None, (table.day, table.ordered_by))}
        assert needed <= set(named), table.name


def test_public_columns_are_there_on_both_sides(store: StoreFile, control: StoreFile) -> None:
    for side in (store, control):
        typed = _typed(side)
        for table, names in PUBLIC.items():
            assert set(names.split()) <= {name for name, _ in typed[table]}, table
        assert ("event_id", "BIGINT") in typed["event"]
        assert ("ctx", "JSON") in typed["event"]
        instants = [kind for columns in typed.values() for name, kind in columns if name.endswith("_at")]
        assert set(instants) == {"TIMESTAMP WITH TIME ZONE"}


def test_the_archive_adds_its_state_its_proof_and_the_reports(control: StoreFile) -> None:
    views = rows(control, "select view_name from duckdb_views() where database_name = 'store' and not internal")
    assert {name for (name,) in views} >= {"service_level", "processing_time", "event_history_cube"}
    macros = rows(control, "select distinct function_name from duckdb_functions() where database_name = 'store'")
    assert {name for (name,) in macros} >= {
        "service_level_between",
        "processing_time_between",
        "event_history_between",
    }
    for table, names in (
        ("archive_state", "account table_name change_seq archived_at"),
        (
            "archive_proof",
            "account table_name day source_rows source_checksum archived_rows archived_checksum equal proved_at",
        ),
    ):
        named = {name for (name,) in rows(control, f"select column_name from (describe {table})")}  # noqa: S608
        assert set(names.split()) <= named


def test_no_store_has_an_index_or_a_key_on_its_tables(store: StoreFile, control: StoreFile) -> None:
    kinds = "constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')"
    for side in (store, control):
        assert rows(side, "from duckdb_indexes()") == []
        assert rows(side, f"from duckdb_constraints() where {kinds}") == []
