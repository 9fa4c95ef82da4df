"""Templates as authors keep them: folders of TOML files, or one table as CSV, NDJSON or Parquet."""

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from pydantic import ValidationError

from tasks.contracts.publish_templates import TemplateError, TemplateProblem, TemplateSource
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_parquet import parquet_rows
from tasks.exchange.regular_file import content_of
from tasks.exchange.templates.template_record import TemplateRecord

Record = dict[str, Any]
Place = tuple[str, Record]
OWN_FILE = "template.toml"
MAX_BODY_BYTES = 5_000_000
MAX_TOML_BYTES = 2 * MAX_BODY_BYTES
MAX_TABLE_BYTES = 100_000_000
BODY_FILES = {"body_text_file": "body_text", "body_html_file": "body_html"}


class TemplateFiles(NamedTuple):
    """Templates as read, not checked yet."""

    sources: pl.DataFrame
    """The columns of `TemplateSource`."""
    folders: list[Path]
    """Of each of them the folder that it is in: its samples are there too."""


def read_templates(path: Path) -> TemplateFiles:
    """The templates of a folder of `*.toml` (one each, by name), or of one `.csv`, `.ndjson`, `.jsonl` or `.parquet`.

    A folder may have a folder for each template, which holds its `template.toml`, and others for other languages or
    channels. The keys and columns are those of `TemplateSource`. In a folder `template_id` defaults to the file's
    stem, in a template's own folder to its name, followed by `_` and the stem for all files but `template.toml`.
    `body_text_file` or `body_html_file` name a file within the folder that holds the body. An empty text is null,
    `channel` (also Message Center's numbers) defaults to email, `priority` to 0; instants are ISO 8601 with offset.

    Raises:
        TemplateError: Anything is wrong with any of them; lists all of it.
    """
    problems: list[TemplateProblem] = []
    records, folders = [], []
    for where, record, folder in _places(path, problems):
        try:
            records.append(TemplateRecord.model_validate(record).model_dump())
            folders.append(folder)
        except ValidationError as error:
            problems += _invalid(where, error)
    if problems:
        raise TemplateError(problems)
    return TemplateFiles(pl.DataFrame(records, schema=TemplateSource.create_empty().schema, orient="row"), folders)


def _places(path: Path, problems: list[TemplateProblem]) -> Iterator[tuple[str, Record, Path]]:
    if not path.exists():
        problems.append(TemplateProblem(str(path), "", "there is no such file or folder; check the path"))
    elif path.is_dir():
        yield from _folder(path, problems)
    elif reader := READERS.get(path.suffix.lower()):
        try:
            yield from ((where, record, path.parent) for where, record in reader(path))
        except (pl.exceptions.PolarsError, UnreadableFileError, ValueError, OSError) as error:
            problems.append(TemplateProblem(path.name, "", f"cannot be read; {error}"))
    else:
        known = ", ".join(sorted(READERS))
        problems.append(
            TemplateProblem(path.name, "", f"is no table of templates; give a folder of *.toml, or {known}")
        )


def _folder(folder: Path, problems: list[TemplateProblem]) -> Iterator[tuple[str, Record, Path]]:
    files = sorted(
        path for path in (*folder.glob("*.toml"), *folder.glob("*/*.toml")) if not _is_hidden(path.relative_to(folder))
    )
    if not files:
        problems.append(TemplateProblem(str(folder), "", "holds no *.toml file; each template is one"))
    for file in files:
        where = file.relative_to(folder).as_posix()
        try:
            record = tomllib.loads(content_of(file, max_bytes=MAX_TOML_BYTES).decode())
        except (tomllib.TOMLDecodeError, RecursionError, OSError, ValueError) as error:
            problems.append(TemplateProblem(where, "", f"is no TOML; {error}"))
            continue
        name = {"template_id": _default_id(file, folder)}
        yield where, name | _with_bodies(record, file, where, problems), file.parent


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _default_id(file: Path, folder: Path) -> str:
    if file.parent == folder:
        return file.stem
    own = file.parent.name
    return own if file.name == OWN_FILE else f"{own}_{file.stem}"


def _with_bodies(record: Record, file: Path, where: str, problems: list[TemplateProblem]) -> Record:
    bodies = {}
    for key, field in BODY_FILES.items():
        if key not in record:
            continue
        if field in record:
            problems.append(TemplateProblem(where, key, f"{field} is given too; keep one of them"))
            continue
        try:
            bodies[field] = _body(file.parent, record[key])
        except (OSError, ValueError) as error:
            problems.append(TemplateProblem(where, key, str(error)))
    return {key: value for key, value in record.items() if key not in BODY_FILES} | bodies


def _body(folder: Path, name: object) -> str:
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError("must be the name of a file in the folder")
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"{name!r} leads out of the folder; name a file within it")
    steps = [folder.joinpath(*relative.parts[: count + 1]) for count in range(len(relative.parts))]
    if any(step.is_symlink() for step in steps):
        raise ValueError(f"{name!r} is a symbolic link; put the file itself there")
    path = folder / relative
    if not path.is_file():
        raise ValueError(f"{name!r} is no file in the folder")
    try:
        return content_of(path, max_bytes=MAX_BODY_BYTES).decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name!r} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from error


def _csv(path: Path) -> Iterator[Place]:
    frame = pl.read_csv(BytesIO(content_of(path, max_bytes=MAX_TABLE_BYTES)), infer_schema=False)
    return _numbered(path, frame.iter_rows(named=True), first=2)


def _ndjson(path: Path) -> Iterator[Place]:
    content = content_of(path, max_bytes=MAX_TABLE_BYTES).decode("utf-8-sig")
    for line, text in enumerate(content.split("\n"), start=1):
        if text.strip():
            try:
                record = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"line {line}: {error}") from error
            yield f"{path.name} line {line}", record if isinstance(record, dict) else {"": record}


def _parquet(path: Path) -> Iterator[Place]:
    rows = parquet_rows(content_of(path, max_bytes=MAX_TABLE_BYTES), path.name, max_bytes=MAX_TABLE_BYTES)
    return _numbered(path, (json.loads(document or "{}") for document in rows["document"]), first=1)


def _numbered(path: Path, records: Iterable[Record], *, first: int) -> Iterator[Place]:
    return ((f"{path.name} row {row}", record) for row, record in enumerate(records, start=first))


def _invalid(where: str, error: ValidationError) -> Iterator[TemplateProblem]:
    for fault in error.errors(include_url=False, include_context=False):
        field = ".".join(map(str, fault["loc"]))
        what = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            what = f"is not known; the keys are {', '.join([*TemplateRecord.model_fields, *BODY_FILES])}"
        given = "" if fault["type"] in {"missing", "extra_forbidden"} else f" (given: {str(fault['input'])[:80]!r})"
        yield TemplateProblem(where, field, what + given)


READERS: dict[str, Callable[[Path], Iterator[Place]]] = {
    ".csv": _csv,
    ".ndjson": _ndjson,
    ".jsonl": _ndjson,
    ".parquet": _parquet,
}
