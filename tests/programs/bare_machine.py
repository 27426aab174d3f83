"""A machine without a network, to run programs on files alone."""

import functools
from collections.abc import Mapping
from typing import Any

from kubesim.programs.images import ImageCatalogue
from kubesim.programs.machine import Machine
from kubesim.simulation import Simulation
from kubesim.userland.process import Completed

DIRECTORY = "/w"


@functools.cache
def catalogue() -> ImageCatalogue:
    """The images, read once: they never change."""
    return ImageCatalogue.load()


FILES = {
    "names": "carol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n",
    "colon": "root:x:0:0:/root\nweb:x:33:33:/var/www\nnoseparator\n",
    "mixed": "b\nA\na\nB\nb\n",
    "numbers": "10\n9\n100\n-1\n1.5\n",
}
"""Small files that the tests of text programs work on."""


def bare_machine(files: Mapping[str, str], image: str = "nginx") -> Machine:
    """A container of an image whose working directory holds some files."""
    found = catalogue().find(image)
    assert found is not None, image
    no_network: Any = None
    machine = found.machine(name="pod/default/bare", hostname="bare", sockets=no_network, simulation=Simulation())
    machine.files.make_directory(DIRECTORY, parents=True)
    for name, text in files.items():
        machine.files.write(f"{DIRECTORY}/{name}", text)
    return machine


def typed(machine: Machine, command: str) -> Completed:
    """What a shell makes of a command line typed in the working directory."""
    done = machine.run(["bash", "-c", f"cd {DIRECTORY}; {command}"])
    assert isinstance(done, Completed)
    return done
