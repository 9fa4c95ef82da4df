"""A look at regressions: `python -m bench.quick [--events N] [--turns N] [--keep]`; it never fails, it shows.

The stages of one life without Prefect and bare DuckDB SQL run over the same files, in turn; the better of each counts.
A stage is named slower where its ratio to DuckDB is less than 0.7 of the one kept in `quick.json` (`--keep` writes that
anew), whatever the machine.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.inputs import LIFE, Inputs, write_inputs
from bench.measured import measured
from bench.suite import home_of

KEPT = Path(__file__).with_suffix(".json")
SLOWER = 0.7


def turn(inputs: Inputs, work: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of each stage, ours and DuckDB's."""
    home, other = home_of(work / "ours"), work / "duckdb"
    other.mkdir()
    ours = measured("bench.our_stages", "life", str(inputs.folder), "--plain", MESSAGE_CENTER_HOME=str(home))
    bare = measured("bench.rivals.duckdb_sql", str(inputs.folder), str(other))
    shutil.rmtree(home)
    shutil.rmtree(other)
    return _seconds(ours["stages"]), _seconds(bare["stages"])


def _seconds(stages: dict[str, Any]) -> dict[str, float]:
    return {stage: float(stages[stage]["seconds"]) for stage in LIFE}


def ratios(events: int, turns: int) -> dict[str, float]:
    """Our speed by DuckDB's, stage by stage and of the whole."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = write_inputs(Path(folder) / "inputs", events)
        taken = [turn(inputs, Path(folder)) for _ in range(turns)]
    ours, bare = ({stage: min(one[who][stage] for one in taken) for stage in LIFE} for who in (0, 1))
    whole = {"whole life": sum(bare.values()) / sum(ours.values())}
    return {stage: bare[stage] / ours[stage] for stage in LIFE} | whole


def main() -> None:
    """Prints the ratios beside those that were kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    found = ratios(asked.events, asked.turns)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    table = Table("stage", "by bare DuckDB", "before", "", title=f"{asked.events:,} events, ratios of speed")
    for stage, ratio in found.items():
        before = kept.get(stage, ratio)
        table.add_row(stage, f"{ratio:.3f}", f"{before:.3f}", "slower" if ratio < SLOWER * before else "")
    Console().print(table)
    if asked.keep:
        KEPT.write_text(json.dumps({stage: round(ratio, 3) for stage, ratio in found.items()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
