"""The sample templates can be published, and show every state that a template may be in."""

from datetime import datetime

from tasks.demo_home import SAMPLES
from tasks.publish_templates import list_templates, publish_templates, read_templates
from tasks.store.connection import StoreFile

NOW = datetime.fromisoformat("2026-11-23T09:00:00Z")
AT = datetime.fromisoformat("2026-11-01T00:00:00Z")


def test_they_are_published_in_their_states(store: StoreFile) -> None:
    sources = read_templates(SAMPLES / "templates")
    publish_templates(store, sources, at=AT)
    states = dict(list_templates(store, now=NOW).select("template_id", "state").iter_rows())
    special = {name: state for name, state in states.items() if state != "published"}
    assert special == {"appointment_reminder": "paused", "welcome": "unpublished"}
    assert len(states) == len(list((SAMPLES / "templates").glob("*.toml")))


def test_every_body_is_used() -> None:
    bodies = {path.name for path in (SAMPLES / "templates" / "bodies").iterdir()}
    named = "".join(path.read_text(encoding="utf-8") for path in (SAMPLES / "templates").glob("*.toml"))
    assert not [body for body in bodies if body not in named]
