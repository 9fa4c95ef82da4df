"""What a publication changes, as its author reads it: the lines of each template, before and after."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

import dataframely as dy

from tasks.contracts.publish_templates import CONTENT_COLUMNS, Template
from tasks.transforms.template_versions import ORDER

_SHOWN = (*CONTENT_COLUMNS, "unpublished_at", "paused")
_BODIES = ("body_text", "body_html")


@dataclass(frozen=True)
class TemplateDiff:
    """How one new version differs from the one published last before it; all is new where there is none."""

    template_id: str
    version: int
    is_first: bool
    accounts: tuple[str, ...]
    text: str
    """A unified diff."""


def diff_templates(
    existing: dy.DataFrame[Template], versions: dy.DataFrame[Template], /
) -> dict[tuple[str, int], tuple[bool, str]]:
    """By id and version of each new version: whether it is the first of its id, and the diff."""
    last: dict[str, dict[str, Any]] = {row["template_id"]: row for row in existing.sort(ORDER).iter_rows(named=True)}
    found = {}
    for row in versions.sort("template_id", "version").iter_rows(named=True):
        before = last.get(row["template_id"])
        found[row["template_id"], row["version"]] = (before is None, _diff(before, row))
        last[row["template_id"]] = row
    return found


def of_accounts(diffs: Mapping[str, Mapping[tuple[str, int], tuple[bool, str]]], /) -> list[TemplateDiff]:
    """The same by account, told once where it is the same in several."""
    accounts: dict[tuple[str, int, bool, str], list[str]] = {}
    for account, found in diffs.items():
        for (template_id, version), (is_first, text) in found.items():
            accounts.setdefault((template_id, version, is_first, text), []).append(account)
    return [
        TemplateDiff(template_id, version, is_first, tuple(names), text)
        for (template_id, version, is_first, text), names in sorted(accounts.items())
    ]


def _diff(before: dict[str, Any] | None, after: dict[str, Any]) -> str:
    old_name = _name(before) if before else "nothing"
    return "\n".join(unified_diff(_lines(before), _lines(after), old_name, _name(after), lineterm="", n=2))


def _name(row: dict[str, Any]) -> str:
    return f"{row['template_id']} v{row['version']}, published {row['published_at']:%Y-%m-%d %H:%M:%S} UTC"


def _lines(row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return []
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
