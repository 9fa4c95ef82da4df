"""Changes of templates as their author reads them: the lines of each, before and after."""

import re
from collections.abc import Sequence
from difflib import unified_diff
from typing import Any

import polars as pl

from tasks.contracts.publish_templates import CONTENT_COLUMNS, TemplateDiff

_SHOWN = (*CONTENT_COLUMNS, "unpublished_at", "paused")
_BODIES = ("body_text", "body_html")


def template_diffs(changes: pl.DataFrame) -> list[TemplateDiff]:
    """A diff for each row: a new version, the one before it as `before_...`, and the `accounts` that it is new in."""
    return [
        TemplateDiff(
            row["template_id"],
            row["version"],
            row["before_version"] is None,
            tuple(row["accounts"]),
            _diff({name: row[f"before_{name}"] for name in row if f"before_{name}" in row}, row),
        )
        for row in changes.iter_rows(named=True)
    ]


def _diff(before: dict[str, Any], after: dict[str, Any]) -> str:
    old, new = _lines(before) if before["version"] else [], _lines(after)
    return "\n".join(unified_diff(old, new, _name(before), _name(after), lineterm="", n=2))


def _name(row: dict[str, Any]) -> str:
    if row["version"] is None:
        return "nothing"
    return f"{row['template_id']} v{row['version']}, published {row['published_at']:%Y-%m-%d %H:%M:%S} UTC"


def _lines(row: dict[str, Any]) -> list[str]:
    lines = [f"{name}: {row[name]}" for name in _SHOWN if name not in _BODIES and row[name] is not None]
    for name in _BODIES:
        if row[name] is not None:
            lines += [f"{name}:", *(f"    {line}" for line in row[name].splitlines())]
    return lines


def as_markdown(diffs: Sequence[TemplateDiff], /) -> str:
    """What a publication changes, as a page."""
    if not diffs:
        return "Nothing changes."
    parts = [
        f"**{diff.template_id}** v{diff.version}{' (new)' if diff.is_first else ''}: {', '.join(diff.accounts)}\n\n"
        f"{_fence(diff.text)}diff\n{diff.text}\n{_fence(diff.text)}"
        for diff in diffs
    ]
    return "\n\n".join(parts)


def _fence(text: str) -> str:
    """More backticks than any run of them in the text."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)
