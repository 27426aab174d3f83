"""One line carried out: by the real shell in a directory of its own, and by the simulated one."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from kubesim.programs.images import ImageCatalogue
from kubesim.programs.machine import Machine
from kubesim.simulation import Simulation
from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Completed
from tools.differential.grammar import FILES, Line

HOME = "/root"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE = 10.0
"""Seconds after which a line is taken to hang."""
IMAGES = {"bash": "nginx", "dash": "nginx", "ash": "busybox"}


class Outcome(NamedTuple):
    """What came of a line."""

    stdout: str
    stderr: str
    status: int


class Real:
    """The shells of this host, or of another Debian's files.

    :param root: the directory of the files that they see; ``/`` is this host, any other is entered by ``chroot``.
    :param busybox: the program as seen from there, where there is one; in ash its applets are found before all others.
    """

    def __init__(self, root: Path = Path("/"), busybox: str | None = None) -> None:
        self.root = root
        place = tempfile.mkdtemp(prefix="w", dir=root / "tmp")
        self.place = Path(place)
        self.work = f"/{self.place.relative_to(root)}/w"
        self.paths = {"bash": PATH, "dash": PATH}
        if busybox:
            self.paths["ash"] = f"/{self.place.relative_to(root)}/applets"
            (self.place / "applets").mkdir()
            for name in self._completed([busybox, "--list"], PATH, root).stdout.decode().split():
                (self.place / "applets" / name).symlink_to(busybox)

    def close(self) -> None:
        """Remove what it made."""
        shutil.rmtree(self.place, ignore_errors=True)

    def _completed(self, words: list[str], path: str, directory: Path) -> subprocess.CompletedProcess[bytes]:
        process = subprocess.Popen(
            words,
            cwd=directory,
            env={"PATH": path, "HOME": HOME, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=None if self.root == Path("/") else functools.partial(os.chroot, self.root),
        )
        with process:
            try:
                out, error = process.communicate(timeout=PATIENCE)
            finally:  # what the shell started goes with it: one that writes for ever would fill the disk
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        return subprocess.CompletedProcess(words, process.returncode, out, error)

    def run(self, line: Line) -> Outcome:
        """Carry out a line among fresh files."""
        work = self.root / self.work[1:]
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        for name, text in FILES.items():
            (work / name).write_text(text)
        shell = "sh" if line.shell == "ash" else line.shell
        try:
            done = self._completed([shell, "-c", line.text], self.paths[line.shell], work)
        except subprocess.TimeoutExpired:
            return Outcome("", "(hangs)", -1)
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        out, error = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
        return Outcome(out, error, status)


class Simulated:
    """The shells of this project, in containers of the images that have them.

    :param work: the directory that the lines see, the same as the real ones do.
    """

    def __init__(self, work: str) -> None:
        self.work = work
        self.images = ImageCatalogue.load()

    def machine(self, shell: str) -> Machine:
        """A container among fresh files."""
        image = self.images.find(IMAGES[shell])
        assert image is not None
        no_network: Any = None
        machine = image.machine(name="pod/a/b", hostname="b", sockets=no_network, simulation=Simulation())
        machine.environment = {"PATH": machine.environment["PATH"], "HOME": HOME, "LC_ALL": "C.UTF-8"}
        machine.files.make_directory(self.work, parents=True)
        machine.files.make_directory(HOME, parents=True)
        machine.files.make_directory("/tmp", parents=True)
        for name, text in FILES.items():
            machine.files.write(f"{self.work}/{name}", text)
        return machine

    def run(self, line: Line) -> Outcome:
        """Carry out a line; any exception but one that is the machine's answer is a fault, and is raised."""
        shell = "sh" if line.shell == "ash" else line.shell
        try:
            done = self.machine(line.shell).run([shell, "-c", line.text], directory=self.work)
        except ExecutableNotFoundError as error:
            return Outcome("", str(error), 127)
        assert isinstance(done, Completed)
        return Outcome(done.stdout, done.stderr, done.returncode)


_BUILD = re.compile(r"^BusyBox v\S+ \(.*\) multi-call binary", re.MULTILINE)
_PID = re.compile(r"(line \d+: ) *\d+( [A-Z])|\(\d+\)(?= - No such)")


def comparable(outcome: Outcome, paths: Callable[[str], str] = str) -> Outcome:
    """An outcome without process numbers, who built busybox when, and the place where its programs live."""
    error = _BUILD.sub("BusyBox", _PID.sub(r"\1PID\2", outcome.stderr))
    return Outcome(paths(outcome.stdout), paths(error), outcome.status)


def without_place(path: str) -> Callable[[str], str]:
    """Texts in which the directory of busybox' applets is that of the image."""
    return lambda text: text.replace(f"{path}/", "/bin/") if path else text
