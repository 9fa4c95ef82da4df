"""Where lives are cut short: the undisturbed one, remembered step by step, and what becomes of those that are not."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from crashes.comparison import differences, table_differences
from crashes.handed_over_once import wrong_hand_overs
from crashes.life import Step, life
from crashes.life_inputs import arrive, prepare_home
from crashes.remains import Remains, Tables, published_tables
from crashes.trials import Kill, run_step
from crashes.watcher import Effect

from tasks.exchange.demonstration.receiving_server import ReceivingServer


@dataclass(frozen=True)
class Undisturbed:
    """A step as it goes when nobody dies."""

    step: Step
    before: Path
    """A copy of the home as the step found it."""
    published_before: Tables
    effects: tuple[Effect, ...]
    remains: Remains
    seconds: float


@dataclass
class Bench:
    """One home, always at the same path; `steps` tells how the life goes in it when nobody dies."""

    folder: Path
    server: ReceivingServer
    closed_port: int
    steps: list[Undisturbed] = field(default_factory=list)
    kills: int = 0

    @property
    def home(self) -> Path:
        """Where everything happens."""
        return self.folder / "home"

    def live_undisturbed(self, upto: int | None = None) -> None:
        """Runs the life, or its first steps, and remembers each step."""
        prepare_home(self.home, mail_port=self.server.port, closed_port=self.closed_port)
        for number, step in enumerate(life(self.home)[:upto]):
            self._arriving(step)
            before = self.folder / f"before-{number:02}"
            _copy(self.home, before)
            published = published_tables(self.home)
            ending = run_step(self.home, number)
            assert ending.remains is not None, f"{step.name} failed undisturbed"
            self.steps.append(Undisturbed(step, before, published, ending.effects, ending.remains, ending.seconds))

    def disturb(self, number: int, kills: Sequence[Kill]) -> list[str]:
        """Runs a step that is killed, again and again, and then left to finish.

        Returns:
            What is wrong afterwards.
        """
        undisturbed = self.steps[number]
        shutil.rmtree(self.home)
        _copy(undisturbed.before, self.home)
        mails, before = self._mails(), self.steps[number - 1].remains if number else None
        remains, problems, killed = self._finish(number, kills)
        if remains is not None:
            problems += wrong_hand_overs(remains, before=before, mails=self._mails() - mails, kills=killed)
        return [f"{undisturbed.step.name} {list(kills)}: {problem}" for problem in problems]

    def whole_life(self, kills_of: Sequence[Sequence[Kill]]) -> list[str]:
        """A life in which each step is killed as told, compared after every step."""
        shutil.rmtree(self.home)
        _copy(self.steps[0].before, self.home)
        mails, killed = self._mails(), 0
        for number, (undisturbed, kills) in enumerate(zip(self.steps, kills_of, strict=True)):
            self._arriving(undisturbed.step)
            remains, problems, more = self._finish(number, kills, has_crashed_before=killed > 0)
            killed += more
            if remains is not None:
                problems += wrong_hand_overs(remains, before=None, mails=self._mails() - mails, kills=killed)
            if problems:
                return [f"{undisturbed.step.name} {list(kills)}: {problem}" for problem in problems]
        return []

    def _finish(
        self, number: int, kills: Sequence[Kill], *, has_crashed_before: bool = False
    ) -> tuple[Remains | None, list[str], int]:
        """Kills the step as told and lets it finish: what remains, what is wrong with it, how often it was killed."""
        undisturbed = self.steps[number]
        problems: list[str] = []
        killed = 0
        for kill in (*kills, None):
            ending = run_step(self.home, number, kill)
            if ending.was_killed:
                killed += 1
                problems += self._closed_stores()
                if not has_crashed_before:
                    problems += self._half_published(undisturbed)
            elif ending.remains is None:
                problems.append(f"the finishing run failed with exit code {ending.exit_code}")
                break
        self.kills += killed
        if ending.remains is None:
            return None, problems, killed
        return ending.remains, [*problems, *differences(undisturbed.remains, ending.remains)], killed

    def _arriving(self, step: Step) -> None:
        if step.arriving:
            arrive(self.home, step.arriving)

    def _closed_stores(self) -> Iterator[str]:
        for path in sorted((self.home / "store").glob("*.duckdb")):
            try:
                with duckdb.connect(str(path), read_only=True) as connection:
                    connection.execute("select count(*) from schema_migration").fetchall()
            except duckdb.Error as error:
                yield f"{path.name} does not open after the crash: {error}"

    def _half_published(self, undisturbed: Undisturbed) -> Iterator[str]:
        """Readers find the old edition or the new one, whole."""
        found = published_tables(self.home)
        after = {name: rows for name, rows in undisturbed.remains.tables.items() if name.startswith("published.")}
        if all(table_differences(edition, found) for edition in (undisturbed.published_before, after)):
            yield "after the crash, readers find neither the old nor the new edition"

    def _mails(self) -> Counter[str]:
        record = self.server.record
        lines = record.read_text().splitlines() if record.exists() else []
        return Counter(json.loads(line)["event_id"] for line in lines)


def _copy(home: Path, to: Path) -> None:
    """A copy down to hard links and the instants of changes, by which a publication knows what it has."""
    subprocess.run(["cp", "-a", str(home), str(to)], check=True)  # noqa: S607  # the machine's own
