"""The inbox: what waits, and where it goes. Nothing is ever overwritten."""

import hashlib
import os
from pathlib import Path

import pytest

from tasks.exchange.inbox import content_hash, is_unfinished, put_away, set_aside, waiting_files


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def dropped(inbox: Path, name: str, text: str = "x") -> Path:
    (inbox / name).write_text(text)
    return inbox / name


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_finished_files_wait_in_the_order_of_their_names(inbox: Path) -> None:
    for name in ["b.csv", "a.ndjson", "c", ".hidden", "d.csv.part", "e.TMP", ".d.csv.swp", "a.ndjson.reason.txt"]:
        dropped(inbox, name)
    (inbox / "done").mkdir()
    dropped(inbox / "done", "old.csv")

    assert [path.name for path in waiting_files(inbox)] == ["a.ndjson", "b.csv", "c"]


def test_links_out_of_the_inbox_pipes_and_dangling_links_are_left_alone(inbox: Path, tmp_path: Path) -> None:
    outside = dropped(tmp_path, "secret.csv")
    (inbox / "out.csv").symlink_to(outside)
    (inbox / "up.csv").symlink_to("../secret.csv")
    (inbox / "nowhere.csv").symlink_to("missing.csv")
    (inbox / "loop.csv").symlink_to("loop.csv")
    (inbox / "sub").symlink_to(tmp_path)
    os.mkfifo(inbox / "pipe.csv")
    own = dropped(inbox, "own.csv")
    (inbox / "within.csv").symlink_to(own)

    assert [path.name for path in waiting_files(inbox)] == ["own.csv", "within.csv"]


def test_an_inbox_that_is_itself_reached_by_a_link_works(inbox: Path, tmp_path: Path) -> None:
    dropped(inbox, "a.csv")
    (tmp_path / "link").symlink_to(inbox)

    assert waiting_files(tmp_path / "link") == [tmp_path / "link" / "a.csv"]


def test_a_missing_folder_has_no_files(tmp_path: Path) -> None:
    assert waiting_files(tmp_path / "missing") == []


@pytest.mark.parametrize(
    ("name", "unfinished"),
    [("a.csv", False), ("a.csv.part", True), ("a.PART", True), ("a.tmp", True), (".a.csv", True), ("part", False)],
)
def test_names_of_files_still_being_written(name: str, unfinished: object) -> None:
    assert is_unfinished(Path("inbox") / name) is unfinished


def test_the_content_hash_is_that_of_the_bytes_whatever_the_name(inbox: Path) -> None:
    first, second = dropped(inbox, "a.csv", "x" * 3_000_000), dropped(inbox, "b.csv", "x" * 3_000_000)

    assert content_hash(first) == content_hash(second) == hashlib.sha256(b"x" * 3_000_000).hexdigest()


def test_a_file_that_was_read_goes_to_done_and_overwrites_nothing(inbox: Path) -> None:
    moved = [put_away(dropped(inbox, "a.csv.gz", str(number))).name for number in range(3)]

    assert moved == ["a.csv.gz", "a-2.csv.gz", "a-3.csv.gz"]
    assert contents(inbox / "done") == {"a.csv.gz": "0", "a-2.csv.gz": "1", "a-3.csv.gz": "2"}
    assert waiting_files(inbox) == []


def test_an_unreadable_file_goes_to_rejected_beside_its_reason(inbox: Path) -> None:
    first = set_aside(dropped(inbox, "a.csv", "1"), "a.csv: no header")
    second = set_aside(dropped(inbox, "a.csv", "2"), "a.csv: still none\n")

    assert (first, second) == (inbox / "rejected" / "a.csv", inbox / "rejected" / "a-2.csv")
    assert contents(inbox / "rejected") == {
        "a.csv": "1",
        "a.csv.reason.txt": "a.csv: no header\n",
        "a-2.csv": "2",
        "a-2.csv.reason.txt": "a.csv: still none\n",
    }


def test_a_reason_that_outlived_its_file_is_kept(inbox: Path) -> None:
    (inbox / "rejected").mkdir()
    dropped(inbox / "rejected", "a.csv.reason.txt", "old")

    assert set_aside(dropped(inbox, "a.csv"), "new").name == "a-2.csv"
    assert contents(inbox / "rejected")["a.csv.reason.txt"] == "old"


@pytest.mark.parametrize("reason", [False, True])
def test_the_name_that_a_crash_left_reserved_is_used_by_the_next_run(inbox: Path, reason: object) -> None:
    for folder in ("done", "rejected"):
        (inbox / folder).mkdir()
        dropped(inbox / folder, "a.csv", "")
    if reason:
        dropped(inbox / "rejected", "a.csv.reason.txt", "cut sh")

    set_aside(dropped(inbox, "a.csv", "2"), "why")
    put_away(dropped(inbox, "a.csv", "1"))
    assert contents(inbox / "done") == {"a.csv": "1"}
    assert contents(inbox / "rejected") == {"a.csv": "2", "a.csv.reason.txt": "why\n"}


@pytest.mark.parametrize("move", [put_away, lambda path: set_aside(path, "why")])
def test_a_file_that_somebody_else_took_leaves_nothing_behind(inbox: Path, move: object) -> None:
    assert callable(move)
    with pytest.raises(FileNotFoundError):
        move(inbox / "gone.csv")

    assert [path for folder in inbox.iterdir() for path in folder.iterdir()] == []


def test_names_of_any_length_and_any_bytes_can_be_moved(inbox: Path) -> None:
    long = dropped(inbox, "x" * 250 + ".csv")
    odd = Path(os.fsdecode(os.fsencode(inbox) + b"/odd\xff.csv"))
    odd.write_text("x")

    assert set_aside(long, "why").suffix == ".csv"
    assert set_aside(odd, f"{odd.name} is odd").name == odd.name
    assert waiting_files(inbox) == []
