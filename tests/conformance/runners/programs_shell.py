"""Shell sessions: bash, dash and busybox' ash in a Pod, case after case in the same directory.

Set aside before comparing: process numbers. Interactive sessions hold raw terminal bytes and are not comparable.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubesim.network.network import Network
from kubesim.network.sockets import Sockets
from kubesim.programs.images import ImageCatalogue
from kubesim.programs.machine import Machine
from kubesim.simulation import Simulation
from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Completed
from tests.conformance.result import Result, judged

DIRECTORY = "/var/tmp/w"
IMAGES = {"busybox-musl": "busybox:musl", "busybox-glibc": "busybox", "alpine": "alpine"}
FILES = {
    "fruits": "apple\nbanana\ncherry\napple\n",
    "nums": "3\n1\n2\n10\n",
    "empty": "",
    "table": "NAME      READY   STATUS    RESTARTS   AGE\n"
    "web       1/1     Running   0          5m\nclient    0/1     Pending   0          3s\n",
}


@dataclass(slots=True)
class Lab:
    """One Pod, as each image's container sees it."""

    simulation: Simulation = field(default_factory=Simulation)
    machines: dict[str, Machine] = field(default_factory=dict)

    def machine(self, image: str) -> Machine:
        if image not in self.machines:
            network = Network(self.simulation)
            network.add_node("master", "172.31.0.10", "10.42.0.0/24")
            name = network.add_pod("default", "web2", "10.42.0.8", "master")
            found = ImageCatalogue.load().find(IMAGES.get(image, image))
            assert found is not None
            machine = found.machine(
                name=name, hostname="web2", sockets=Sockets(network, name), simulation=self.simulation
            )
            machine.environment = {"PATH": machine.environment["PATH"], "HOME": "/root"}
            machine.files.make_directory(f"{DIRECTORY}/dir", parents=True)
            for path, text in FILES.items():
                machine.files.write(f"{DIRECTORY}/{path}", text)
            self.machines[image] = machine
        return self.machines[image]


def run(path: Path, document: dict[str, Any]) -> Iterator[Result]:
    """Every case, in order: files that one leaves are there for the next."""
    lab = Lab()
    return judged(document["cases"], lambda case: [_judge(lab, case)])


def _judge(lab: Lab, case: dict[str, Any]) -> Result:
    situation = case["situation"]
    machine = lab.machine(situation.get("image", "nginx"))
    try:
        done = _carry_out(machine, situation.get("how", "bash -c"), case)
        got: Any = (_clean(done.stdout), _clean(done.stderr), done.returncode)
    except ExecutableNotFoundError as error:
        got = str(error)
    expected = (_clean(case["stdout"]), _clean(case["stderr"]), case["returncode"])
    return Result(case["id"], got == expected, expected, got)


def _carry_out(machine: Machine, how: str, case: dict[str, Any]) -> Completed:
    command = case["command"]
    stdin = case.get("stdin") or ""
    if how == "script":
        machine.files.write(f"{DIRECTORY}/../t.sh", command)
        machine.files.write("/var/tmp/w/t.sh", command)
        done = machine.run(["bash", "t.sh"], directory=DIRECTORY)
        machine.files.remove("/var/tmp/w/t.sh")
    elif how == "stdin":
        done = machine.run(["bash"], stdin or command, directory=DIRECTORY)
    elif how in ("bash -c", "sh -c", "ash -c"):
        shell = "bash" if how == "bash -c" else "sh"
        done = machine.run([shell, "-c", command], directory=DIRECTORY)
    else:
        done = machine.run(shlex.split(command), directory=DIRECTORY)
    assert isinstance(done, Completed)
    return done


def _clean(text: str) -> str:
    return re.sub(r"(line \d+:) +\d+ (Killed|Terminated)", r"\1 PID \2", text)
