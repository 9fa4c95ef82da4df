"""Writes templates and delivery logs as the files that operators and senders have."""

import csv
import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import tomlkit
from reference_life import LogRow, Template

TEMPLATE_COLUMNS = (
    "template_id", "version", "event_type", "channel", "queue", "language", "priority", "condition", "published_at",
    "unpublished_at", "paused", "subject", "body_text", "body_html", "sender",
)  # fmt: skip


def template_row(template: Template) -> dict[str, Any]:
    row = {name: getattr(template, name, None) for name in TEMPLATE_COLUMNS}
    instants = {name: row[name] and row[name].isoformat() for name in ("published_at", "unpublished_at")}
    condition = template.condition.text if template.condition else None
    texts = {"subject": f"About {template.template_id}", "body_text": "Dear {{ email }}"}
    return row | instants | texts | {"condition": condition}


def write_templates(folder: Path, templates: list[Template], file_format: str) -> Path:
    rows = [template_row(template) for template in templates]
    path = folder / f"templates.{file_format}"
    if file_format == "toml":
        path = folder / "templates"
        path.mkdir()
        for row in rows:
            table = {name: value for name, value in row.items() if value is not None}
            (path / f"{row['template_id']}-{row['version']}.toml").write_text(tomlkit.dumps(table))
    elif file_format == "csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, TEMPLATE_COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    elif file_format == "parquet":
        frame = pl.DataFrame(rows, schema_overrides=dict.fromkeys(("queue", "language", "condition"), pl.String))
        instants = pl.col("published_at", "unpublished_at").str.to_datetime(time_zone="UTC")
        frame.with_columns(instants).write_parquet(path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_logs(path: Path, rows: list[LogRow], file_format: str, rng: random.Random) -> Path:
    texts = [asdict(row) | {"logged_at": row.logged_at.isoformat()} for row in rows]
    path = path.with_name(f"{path.name}.{file_format}")
    if file_format == "csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(texts[0]))
            writer.writeheader()
            writer.writerows(texts)
    elif file_format == "parquet":
        pl.DataFrame(texts, infer_schema_length=None).write_parquet(path)
    else:
        for text in texts:
            if text["event_id"] is not None and rng.random() < 0.5:
                text["event_id"] = str(text["event_id"])
        path.write_text("".join(json.dumps(text) + "\n" for text in texts))
    return path
