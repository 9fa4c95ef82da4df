"""A real browser without a screen: what a page shows once its scripts have run."""

import shutil
import subprocess
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCRIPTS_MILLISECONDS = 20_000
SECONDS = 120


def shown(url: str, profile: Path) -> str:
    """The document of a page as the browser has it in the end."""
    return _browse(url, profile, "--dump-dom")


def photographed(url: str, profile: Path, picture: Path, *, width: int = 1600, height: int = 1000) -> None:
    """Takes a picture of a page."""
    _browse(url, profile, f"--screenshot={picture}", f"--window-size={width},{height}")


def _browse(url: str, profile: Path, *options: str) -> str:
    assert CHROMIUM
    here = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={profile}"]
    command = [CHROMIUM, *here, f"--virtual-time-budget={SCRIPTS_MILLISECONDS}", *options, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    return done.stdout
