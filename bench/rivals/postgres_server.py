"""A PostgreSQL server of a benchmark's own, in a folder of its own, gone at the end."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDERS = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt")
MISSING = (
    "PostgreSQL is not installed, so its part of the benchmark is left out. On Debian or Ubuntu: "
    "apt-get install --no-install-recommends postgresql"
)
SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "listen_addresses": "",
    "timezone": "UTC",
}


class PostgresMissingError(RuntimeError):
    """There is no PostgreSQL on this machine."""


def binaries() -> Path:
    """The newest installed version's programs.

    Raises:
        PostgresMissingError: None is installed; says how to install one.
    """
    if found := shutil.which("initdb"):
        return Path(found).parent
    programs = [path for folder in FOLDERS for path in Path(folder).glob("*/bin/initdb")]
    if not programs:
        raise PostgresMissingError(MISSING)
    return max(programs, key=lambda path: path.parent.parent.name).parent


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Starts a server whose data is in the folder; gives how to connect to it.

    It refuses to run as root, and so runs as user `postgres` there.
    """
    programs, data, user = binaries(), folder / "postgres", None
    data.mkdir(parents=True)
    if os.geteuid() == 0:
        user = "postgres"
        shutil.chown(data, user, user)
        for parent in folder.resolve().parents:
            if not parent.stat().st_mode & 0o001:
                raise PermissionError(f"user {user} may not enter {parent}: name another folder with --work")
        folder.chmod(0o755)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(data), *arguments]
        subprocess.run(command, user=user, group=user, cwd="/", check=True, stdout=subprocess.DEVNULL)  # noqa: S603

    run("initdb", "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        file.write(f"unix_socket_directories = '{data}'\n")
    run("pg_ctl", "-w", "-l", str(data / "log"), "start")
    try:
        yield f"host={data} user=bench dbname=postgres"
    finally:
        run("pg_ctl", "-w", "-m", "fast", "stop")
