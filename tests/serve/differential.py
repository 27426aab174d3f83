"""Our kubectl against the real one: each line is typed into a terminal and given to kubectl 1.36 on a served cluster.

Two clusters begin alike; one is the terminal's, the other is served and stands still but for what a line takes. What is
compared is what a person reads (both streams) and the status. ``python -m tests.serve.differential [LINES]`` types the
course's lines, notebook by notebook, and prints the share that comes out equal, and what does not.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kubesim import Cluster, Terminal, serve
from kubesim.data_directory import DATA
from kubesim.terminal.terminal import CALL_SECONDS, PATIENCE

KUBECTL = Path(sys.executable).with_name("kubectl")
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
_ELSEWHERE = re.compile(r"[|&;<>$`(){}\\]|kubectl (?:exec|port-forward|attach|edit|config|proxy)|-it?\b|--watch|-w\b")
"""What needs a shell, a keyboard or the terminal's own files, or does not end."""


SHORTLY = 1.0
"""Real seconds after which kubectl is taken to wait for the cluster."""
LONGEST = 30
"""Simulated seconds that it may wait."""


class Difference(NamedTuple):
    line: str
    ours: tuple[str, int]
    real: tuple[str, int]


class Pair:
    """A terminal, and the real kubectl at a cluster that began like the terminal's."""

    def __init__(self, home: Path) -> None:
        self._terminal = Terminal(Cluster())
        self._server = serve.start(Cluster(), speed=0)
        self._environment = {**os.environ, "HOME": str(home), "KUBECONFIG": str(self._server.kubeconfig), "TZ": "UTC"}

    def close(self) -> None:
        self._server.stop()

    def type(self, line: str) -> Difference | None:
        """Type a line into both; how they differ, if so."""
        shown = self._terminal.run(line)
        real = self._real(shlex.split(line)[1:])
        with self._server.cluster.turn:
            self._server.cluster.advance(CALL_SECONDS)
            self._server.cluster.settle(PATIENCE)
        ours = (_plain(shown.stdout + shown.stderr), shown.returncode)
        return None if ours == real else Difference(line, ours, real)

    def _real(self, words: list[str]) -> tuple[str, int]:
        """Run the real kubectl; what it waits for happens while it waits."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:
            running = subprocess.Popen(
                [str(KUBECTL), *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=error,
                cwd=DATA / "manifests",
                env=self._environment,
            )
            for _ in range(LONGEST):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.wait(SHORTLY)
                    break
                self._server.cluster.advance(1.0)
            else:
                running.kill()
            status = running.wait()
            out.seek(0)
            error.seek(0)
            return _plain(out.read() + error.read()), status


def _plain(text: str) -> str:
    """A text without what chance draws and clocks show: uids, versions, ages, times, addresses of the server."""
    text = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z|\w{3}, \d\d \w{3} \d{4} [\d:]+ \+0000", "TIME", text)
    text = re.sub(r"(resourceVersion\"?: \"?)\d+", r"\1N", text)
    text = re.sub(r"\b\d+[smhd](?:\d+[smh])?\b", "AGE", text)
    text = re.sub(r"(-[0-9a-f]{8,10})-[a-z0-9]{5}\b", r"\1-NAME", text)
    return re.sub(r"[ \t]+", " ", text)


def lines_of(notebook: Path) -> Iterator[str]:
    """The lines of a notebook that are kubectl alone."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for line in "".join(cell["source"]).splitlines() if cell["cell_type"] == "code" else ():
            plain = line.partition(" # ")[0].strip()
            if plain.startswith("kubectl ") and not _ELSEWHERE.search(plain):
                yield plain


def main(most: int) -> None:
    """Type so many of the course's lines, and print what comes out otherwise."""
    count, differences = 0, list[Difference]()
    with tempfile.TemporaryDirectory() as home:
        for notebook in sorted(NOTEBOOKS.glob("*.ipynb")):
            pair = Pair(Path(home))
            for line in lines_of(notebook):
                if count < most:
                    count += 1
                    found = pair.type(line)
                    differences += [found] if found else []
            pair.close()
    for each in differences:
        print(f"--- {each.line}\nours {each.ours[1]}:\n{each.ours[0]}\nreal {each.real[1]}:\n{each.real[0]}")
    print(f"{count - len(differences)} of {count} lines come out equal")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
