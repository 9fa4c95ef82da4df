"""Template texts that try to get out, to run for ever or to fill the memory: each costs its own message alone."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from exchange.test_render_messages import one, template
from hostile.bounded_renderer import BoundedRenderer
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.contracts.publish_templates import TemplateError
from tasks.exchange.sending.compose_mail import compose
from tasks.exchange.templates.template_budget import MAX_CHARACTERS
from tasks.publish_templates import read_templates

LONG = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) recursive %}{{ loop(range(99999)) }}{% endfor %}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for i in range(10 ** 9) %}{% endfor %}",
    "{% for a in range(99999) %}{% set b = ('x' * 4000000) | upper %}{% endfor %}",
    "{% set n = namespace(v=7) %}{% for i in range(99) %}{% set n.v = n.v * n.v %}{% endfor %}{{ n.v }}",
    "{{ 1 | round(-1000000000) }}",
    "{{ lipsum(n=10000000) }}",
]
WIDE = [
    "{% set n = namespace(v='xxxxxxxx') %}{% for i in range(40) %}{% set n.v = n.v ~ n.v %}{% endfor %}",
    "{% set n = namespace(v='xxxxxxxx') %}{% for i in range(40) %}{% set n.v = n.v + n.v %}{% endfor %}",
    "{% set n = namespace(v=['x']) %}{% for i in range(40) %}{% set n.v = [n.v, n.v] %}{% endfor %}{{ n.v }}",
    "{% set n = namespace(v=['x']) %}{% for i in range(40) %}{% set n.v = [n.v, n.v] %}{% endfor %}{{ n.v | tojson }}",
    "{{ 'x'.encode() * 10 ** 10 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ '{:>3000000000}'.format(1) }}",
    "{{ '{:{}}'.format(1, 3000000000) }}",
    "{{ '{:{w}}'.format_map({'w': 3000000000, '': 1}) }}",
    "{{ 'x' | center(3000000000) }}",
    "{{ ['x'] | map('center', 3000000000) | list }}",
    "{{ 'x'.ljust(3000000000) }}",
    "{{ 'x'.zfill(width=3000000000) }}",
    "{{ 'x\n' | indent(1000000000) }}",
    "{{ [1] | batch(1000000000, 'x') | list }}",
    "{{ [1] | slice(1000000000) | list }}",
    "{{ ('x' * 4000000) | replace('x', 'y' * 4000000) }}",
    "{{ ('x' * 4000000).replace('x', 'y' * 4000000) }}",
    "{{ ('x' * 4000).join(['y'] * 1000000) }}",
    "{{ ('\t' * 4000000).expandtabs(10000) }}",
]
OUTWARDS = [
    "{{ ''.__class__.__mro__ }}",
    "{{ event.created_at.__class__ }}",
    "{{ cycler.__init__.__globals__.os.environ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ ctx | attr('__class__') }}",
    "{{ '{0.__class__.__init__}'.format(ctx) }}",
    "{{ ''.format_map.__self__.__class__ }}",
    "{{ ctx.update({'x': 1}) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
]


@pytest.fixture(scope="module")
def renderer() -> Iterator[BoundedRenderer]:
    bounded = BoundedRenderer()
    yield bounded
    bounded.stop()


@pytest.mark.parametrize("body", [*LONG, *WIDE, *OUTWARDS])
def test_a_text_that_would_never_end_or_get_out_costs_its_message(renderer: BoundedRenderer, body: str) -> None:
    message = renderer.message(body)

    assert message["body_text"] is None
    assert message["problem"].startswith(("render_error: ", "missing_variable: lipsum"))
    assert "MemoryError" not in message["problem"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            "{% for n in ctx.lines %}{{ loop.index }}/{{ loop.length }}{{ '' if loop.last else ' ' }}{% endfor %}",
            "1/2 2/2",
        ),
        ("{% for n in ctx.lines recursive %}{{ n }}{% endfor %}", "12"),
        ("{{ '%05.2f' | format(3.14159) }} {{ '%s' % 'x' }} {{ '{:>5}'.format(7) }}", "03.14 x     7"),
        (
            "{{ 1234567890123 | string }} {{ 10 ** 9 + 1 }} {{ none_given | default(12345678) }}",
            "1234567890123 1000000001 12345678",
        ),
        ("{{ ctx.lines | map('string') | join(', ') }}{{ 'a b' | replace(' ', '&nbsp;') }}", "1, 2a&nbsp;b"),
    ],
)
def test_what_templates_do_every_day_is_untouched(body: str, text: str) -> None:
    assert one({"lines": [1, 2]}, template(body_text=body))["body_text"] == text


@settings(max_examples=50, deadline=None)
@given(value=st.text(st.characters(exclude_categories=("Cs",))) | st.sampled_from(OUTWARDS))
def test_what_an_event_says_is_text_and_never_a_template(value: str) -> None:
    rendered = one({"said": value}, template(subject="{{ ctx.said }}", body_text="<{{ ctx.said }}>"))
    assert rendered["body_text"] == f"<{value}>"


HEADER_VALUES = st.text(st.characters(exclude_categories=("Cs",)), max_size=40) | st.sampled_from(
    [
        "x\r\nBcc: eve@example.org",
        "x\n\nbody",
        "x\rBcc: eve@example.org",
        "x\u2028Bcc: e@example.org",
        "=?utf-8?q?=0ABcc:_eve=40example.org?=",
    ]
)


@settings(max_examples=100, deadline=None)
@example(subject="", sender="=??Q?=0A0", recipient="0")
@given(subject=HEADER_VALUES, sender=HEADER_VALUES, recipient=HEADER_VALUES)
def test_no_value_adds_a_header_to_a_mail(subject: str, sender: str, recipient: str) -> None:
    said = one({"said": subject}, template(subject="{{ ctx.said }}", body_text="text"))
    message = {
        **said,
        "event_id": 1,
        "batch_id": "b",
        "sender": f"{sender} <ada@example.org>",
        "recipient": f"{recipient}@example.org",
    }
    for changed in ({}, {"sender": "ada@example.org", "recipient": "bob@example.org"}):
        try:
            mail = compose(message | changed, default_sender="a@b.fr", now=datetime(2026, 1, 1, tzinfo=UTC))
        except ValueError:
            continue
        names = [name.lower() for name in message_from_bytes(mail.content)]
        assert len(names) == len(set(names))
        assert {"bcc", "cc"}.isdisjoint(names)
        assert message_from_bytes(mail.content).get_payload(decode=True) in {b"text\n", b"text\r\n"}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one_end:
        one_end.bind(os.path.relpath(path))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [pipe, unix_socket, device, Path.mkdir])
@pytest.mark.parametrize("name", ["a.toml", "table.ndjson", "table.csv", "table.parquet"])
def test_what_is_no_file_is_not_read(
    tmp_path: Path, make: Callable[[Path], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / name)
    with pytest.raises(TemplateError):
        read_templates(tmp_path if name == "a.toml" else tmp_path / name)


BASE: dict[str, Any] = {"template_id": "t", "event_type": "order", "body_text": "x"}


@pytest.mark.parametrize(
    "change",
    [
        {"body_text": "\ud800"},
        {"condition": "ctx.a = '\ud800'"},
        {"condition": "1" * 5_000 + " > 'x'"},
        {"condition": "ctx[1e5] = 1"},
        {"condition": "ctx['a'][99999999999999999999] = 1"},
        {"condition": "true); drop table event; --"},
        {"published_at": "0001-01-01T00:00:00+14:00"},
        {"published_at": "9999-12-31T23:59:59-14:00"},
        {"priority": 1e400},
        {"version": 10**30},
        {"body_text": "{{ " + "9" * 5_000 + " }}"},
        {"body_text": "{% for a in b %}" * 30 + "{% endfor %}" * 30},
        {"body_text": "{{ " + "-" * 50_000 + "1 }}"},
        {"body_text": "{% include 'x' %}"},
        {"body_text_file": "x"},
    ],
)
def test_a_template_that_cannot_be_one_is_refused_with_its_reason(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "t.ndjson").write_text(json.dumps(BASE | change))
    with pytest.raises(TemplateError, match=r"t\.ndjson line 1|template t"):
        read_templates(tmp_path / "t.ndjson")


@pytest.mark.parametrize(
    "name",
    ["../secret.txt", "/etc/hostname", "link.txt", "folder/../../secret.txt", "pipe", ".", "", "a\0b", "x" * 300],
)
def test_a_body_is_a_file_of_the_folder_and_nothing_else(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(folder / "pipe")
    (folder / "t.toml").write_text(f'event_type = "order"\nbody_text_file = {json.dumps(name)}\n')
    with pytest.raises(TemplateError, match="body_text_file"):
        read_templates(folder)


def test_large_files_are_not_read_to_their_end(tmp_path: Path) -> None:
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(10 * MAX_CHARACTERS * 1_000)
    with pytest.raises(TemplateError, match=r"huge\.toml.*larger than 10,000,000 bytes"):
        read_templates(tmp_path)
