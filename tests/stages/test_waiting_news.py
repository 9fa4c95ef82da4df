from pathlib import Path

import pytest

from tasks.account_run import AccountRun
from tasks.store.connection import StoreFile, writing
from tasks.waiting_news import ChangeNews, InboxWatch, WaitingNews


def told(looks: list[tuple[float, str]]) -> list[float]:
    """When there is an announcement, of looks at an instant each with the files that wait then, a letter each."""
    news = WaitingNews()
    return [at for at, files in looks if news.is_due(frozenset(files), at=at)]


def test_new_files_are_told_of_at_once_and_at_most_every_two_seconds() -> None:
    assert told([(0, ""), (1, "a"), (2, "ab"), (2.9, "ab"), (3, "ab"), (4, "abc"), (5, "abc"), (6, "abc")]) == [1, 3, 5]


def test_files_that_stay_are_told_of_again_for_their_run_may_have_been_cancelled() -> None:
    seconds = [float(at) for at in range(300)]
    assert told([(at, "a") for at in seconds]) == [0, 15, 45, 105, 165, 225, 285]


def test_a_file_that_comes_beside_those_that_stay_begins_anew() -> None:
    assert told([(float(at), "a" if at < 20 else "ab") for at in range(60)]) == [0, 15, 20, 35]


def test_a_file_that_was_taken_and_comes_again_is_news() -> None:
    assert told([(0, "a"), (5, ""), (6, "a"), (7, "a")]) == [0, 6]


def test_both_inboxes_are_looked_at_once_a_second_and_unfinished_files_are_no_news(run: AccountRun) -> None:
    heard: list[tuple[str, str, int]] = []
    watch = InboxWatch(lambda news, account, files: heard.append((news, account, files)))
    folders = (run.settings.inbox("alpha", "batch"), run.settings.delivery_log_inbox("alpha"))
    watch.look(run, at=0)
    for folder in folders:
        folder.mkdir(parents=True)
        for name in ("a.csv", "b.csv", "c.csv.part"):
            Path(folder / name).touch()
    watch.look(run, at=0.5)
    assert heard == []
    watch.look(run, at=1)
    assert heard == [("events.landed", "alpha", 2), ("delivery-logs.landed", "alpha", 2)]


def changes_told(store: dict[int, int], seconds: int) -> list[int]:
    """When there is an announcement of a store that changes at these seconds, looked at once a second."""
    news, seen, heard = ChangeNews(), 0, []
    for at in range(seconds):
        seen = store.get(at, seen)
        if news.is_due(((seen, 0, 0),), at=float(at)):
            heard.append(at)
    return heard


def test_a_store_is_no_news_until_it_changes() -> None:
    assert changes_told({}, 300) == []


def test_a_change_is_told_once_the_store_is_quiet_and_once_more() -> None:
    assert changes_told({5: 1, 9: 2}, 400) == [19, 79]


def test_a_store_that_goes_on_changing_is_told_of_every_two_minutes() -> None:
    assert changes_told({at: at for at in range(1, 200)}, 500) == [61, 181, 301, 361]


def test_what_changes_soon_after_it_was_told_is_not_forgotten() -> None:
    assert changes_told({5: 1, 20: 2}, 400) == [15, 135, 195]


@pytest.mark.parametrize("changes", [True, False])
def test_a_change_that_was_not_due_yet_is_told_by_the_run_that_saw_it(
    run: AccountRun, store: StoreFile, changes: bool
) -> None:
    heard: list[str] = []
    watch = InboxWatch(lambda news, _account: heard.append(news))
    watch.look(run, at=0)
    if changes:
        with writing(store, purpose="a test"):
            pass
    watch.look(run, at=1)
    assert heard == []
    watch.end(run)
    assert heard == (["events.changed"] if changes else [])
