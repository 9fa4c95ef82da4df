"""The sample templates can be published, and show every state that a template may be in."""

from datetime import datetime
from pathlib import Path

from templates import publish

from tasks.change_templates import list_templates
from tasks.demo_home import SAMPLES
from tasks.publish_templates import read_templates, write_preview
from tasks.store.connection import StoreFile

NOW = datetime.fromisoformat("2026-11-23T09:00:00Z")
AT = datetime.fromisoformat("2026-11-01T00:00:00Z")


def test_they_are_published_in_their_states(store: StoreFile) -> None:
    sources = read_templates(SAMPLES / "templates")
    publish(store, sources, at=AT)
    states = dict(list_templates(store, now=NOW).select("template_id", "state").iter_rows())
    special = {name: state for name, state in states.items() if state != "published"}
    assert special == {"appointment_reminder": "paused", "welcome": "unpublished"}
    assert len(states) == len(list((SAMPLES / "templates").rglob("*.toml")))


def test_every_body_is_used() -> None:
    folder = SAMPLES / "templates"
    bodies = [*folder.rglob("*.txt"), *folder.rglob("*.html")]
    assert bodies
    named = {file.parent: "" for file in folder.rglob("*.toml")}
    for file in folder.rglob("*.toml"):
        named[file.parent] += file.read_text(encoding="utf-8")
    assert not [body for body in bodies if f'"{body.name}"' not in named[body.parent]]


def test_every_template_in_a_folder_of_its_own_has_a_sample_that_it_takes(tmp_path: Path) -> None:
    folder = SAMPLES / "templates"
    own = [file for file in folder.rglob("*.toml") if file.parent != folder]
    preview = write_preview(folder, tmp_path / "preview.html")
    assert preview.templates - (tmp_path / "preview.html").read_text().count("No sample event fits it.") == len(own)
    assert preview.failed == 0
