"""Sample events beside templates: files of any format that an inbox takes, in a folder `samples`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tasks.contracts.publish_templates import TemplateError, TemplateProblem
from tasks.exchange.reading.read_rows import SUFFIXES, FileRows, UnreadableFileError, read_rows

SAMPLES: Final = "samples"
MAX_SAMPLE_BYTES: Final = 10_000_000


def read_samples(folders: Iterable[Path]) -> Iterator[tuple[Path, Path, FileRows]]:
    """The samples of folders of templates: the folder, the file, its rows.

    Raises:
        TemplateError: A file of samples cannot be read.
    """
    for folder in folders:
        for path in sorted((folder / SAMPLES).glob("*")):
            if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
                continue
            try:
                yield folder, path, read_rows(path, max_bytes=MAX_SAMPLE_BYTES)
            except (UnreadableFileError, OSError) as error:
                problem = TemplateProblem(f"{folder.name}/{SAMPLES}/{path.name}", "", f"cannot be read; {error}")
                raise TemplateError([problem]) from error
