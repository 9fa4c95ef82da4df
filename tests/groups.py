"""Which tests run on one worker, one after the other, and which groups of them start first."""

from xdist.scheduler import LoadFileScheduling

SLOW_GROUPS = (
    "tests/deployments",
    "tests/flows/test_demo.py",
    "tests/operated",
    "tests/crashes/test_killed_at_chosen_points.py",
    "tests/stages/test_archive_events.py",
    "tests/stages/test_purge_events.py",
    "tests/stages/test_restore_store.py",
    "tests/stages/test_purge_events_crashes.py",
    "tests/cli/test_at_once_and_killed.py",
    "tests/store/test_published.py",
    "tests/environment/test_disks.py",
    "tests/properties/test_routing_against_reference.py",
    "tests/cli/test_life_against_reference.py",
    "tests/stages/test_rt_loop.py",
    "tests/stages/test_sharing.py",
)
"""Those that take longest, the longest first: a group runs on one worker, and must not be what the others wait for."""

SHARING_A_SERVER = ("tests/deployments", "tests/operated")
"""Folders whose files share a Prefect server."""


def group(nodeid: str) -> str:
    """A file, or all files that share a Prefect server, which starts once and is gone with the last of them."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in SHARING_A_SERVER if file.startswith(f"{folder}/")), file)


class GroupScheduling(LoadFileScheduling):
    """Gives a worker one group after another."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
