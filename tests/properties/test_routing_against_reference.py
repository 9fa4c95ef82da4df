"""The vectorised routing decides as the row-at-a-time reference does, for any events and templates."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_routing import RefDecision, RefEvent, RefTemplate, route

from tasks.contracts.publish_templates import RoutingTemplate
from tasks.contracts.route_events import PendingEvent
from tasks.transforms.route_events import decide, events_with_conditions, routing_timeline, triage

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
instants = st.sampled_from([NOW + timedelta(hours=hours) for hours in (-3, -2, -1, 0, 1, 2)])
languages = st.sampled_from([None, "fr", "fr-CA", "FR_ca", "en", "f", "fr-CA-x"])
countries = st.sampled_from([None, "FR", "CA"])
event_types = st.sampled_from(["order", "reset", "parcel"])
channels = st.sampled_from(["email", "sms"])

templates = st.lists(
    st.builds(
        RefTemplate,
        template_id=st.sampled_from(["a", "b", "c", "d"]),
        version=st.integers(1, 4),
        event_type=st.sampled_from(["order", "reset"]),
        channel=channels,
        queue=st.sampled_from([None, "batch", "rt"]),
        language=languages,
        priority=st.sampled_from([0, 0, 0, 1]),
        condition=st.sampled_from([None, None, "country = 'FR'", "country = 'CA'"]),
        published_at=instants,
        unpublished_at=st.one_of(st.none(), instants),
        paused=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda template: (template.template_id, template.version),
)
events = st.lists(
    st.builds(
        RefEvent,
        event_id=st.integers(1, 10**9),
        queue=st.sampled_from(["batch", "rt"]),
        event_type=event_types,
        channel=channels,
        language=languages,
        country=countries,
        scheduled_at=st.one_of(st.none(), instants),
        next_try_at=st.one_of(st.none(), instants),
        expires_at=st.one_of(st.none(), instants),
    ),
    max_size=25,
    unique_by=lambda event: event.event_id,
)


def vectorised(given_events: list[RefEvent], given_templates: list[RefTemplate]) -> dict[int, RefDecision]:
    pending = pending_frame(given_events)
    versions = RoutingTemplate.validate(
        pl.DataFrame([vars(x) for x in given_templates], schema=pl.Schema(RoutingTemplate))
    )
    parts = triage(pending, now=NOW)
    found = routing_timeline(parts.due, versions, at=NOW)
    asking = set(events_with_conditions(found))
    holds = {
        f"country = '{country}'": pl.Series(
            [x.event_id for x in given_events if x.country == country and x.event_id in asking], dtype=pl.Int64
        )
        for country in ("FR", "CA")
    }
    decisions = decide(parts, found, holds)
    result = {event.event_id: RefDecision("pending") for event in given_events}
    for row in decisions.iter_rows(named=True):
        template = (row["template_id"], row["template_version"]) if row["template_id"] else None
        result[row["event_id"]] = RefDecision(row["status"], row["reason"], template)
    return result


def pending_frame(given_events: list[RefEvent]) -> pl.DataFrame:
    rows = [
        {key: value for key, value in vars(x).items() if key != "country"}
        | {"created_at": NOW, "change_seq": 1, "reason": None}
        for x in given_events
    ]
    return PendingEvent.validate(pl.DataFrame(rows, schema=pl.Schema(PendingEvent)))


@settings(max_examples=300, deadline=None)
@given(events, templates)
def test_every_decision_is_the_references(given_events: list[RefEvent], given_templates: list[RefTemplate]) -> None:
    expected = {event.event_id: route(event, given_templates, NOW) for event in given_events}
    assert vectorised(given_events, given_templates) == expected


@settings(max_examples=50, deadline=None)
@given(events, templates, st.integers(0, 25))
def test_splitting_a_batch_changes_nothing(
    given_events: list[RefEvent], given_templates: list[RefTemplate], cut: int
) -> None:
    parts = vectorised(given_events[:cut], given_templates) | vectorised(given_events[cut:], given_templates)
    assert parts == vectorised(given_events, given_templates)


@settings(max_examples=50, deadline=None)
@given(events, templates, st.randoms())
def test_order_of_events_and_templates_changes_nothing(
    given_events: list[RefEvent], given_templates: list[RefTemplate], random: "st.Random"
) -> None:
    expected = vectorised(given_events, given_templates)
    random.shuffle(given_events)
    random.shuffle(given_templates)
    assert vectorised(given_events, given_templates) == expected
