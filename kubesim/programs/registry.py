"""Every simulated program by name, for each family of images.

An image lists names; :func:`programs_named` finds what each does there. Busybox and Alpine images have busybox'
versions where those print other words. A name that an image has but the simulator does not know says so when run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubesim.programs.busybox_nslookup import busybox_nslookup
from kubesim.programs.coredns import coredns
from kubesim.programs.curl import curl
from kubesim.programs.dig import dig
from kubesim.programs.getent import getent
from kubesim.programs.host import host
from kubesim.programs.nginx import docker_entrypoint, nginx
from kubesim.programs.nslookup import nslookup
from kubesim.programs.process import Completed, Invocation, Program
from kubesim.programs.shell.script import ash, bash, dash
from kubesim.programs.text import fields, lines

COMMON: dict[str, Program] = {
    "bash": bash,
    "cat": lines.cat,
    "column": fields.column,
    "comm": fields.comm,
    "coredns": coredns,
    "curl": curl,
    "cut": fields.cut,
    "dash": dash,
    "diff": fields.diff,
    "dig": dig,
    "docker-entrypoint.sh": docker_entrypoint,
    "fold": lines.fold,
    "getent": getent,
    "head": lines.head,
    "host": host,
    "nginx": nginx,
    "nginx-debug": nginx,
    "nl": lines.nl,
    "nslookup": nslookup,
    "paste": lines.paste,
    "rbash": bash,
    "rev": lines.rev,
    "sh": dash,
    "sort": fields.sort,
    "tac": lines.tac,
    "tail": lines.tail,
    "tee": lines.tee,
    "tr": fields.tr,
    "uniq": fields.uniq,
    "wc": lines.wc,
    "yes": lines.yes,
}
"""Programs of a Debian or Ubuntu machine."""

BUSYBOX: dict[str, Program] = {"sh": ash, "ash": ash, "nslookup": busybox_nslookup}
"""What busybox has in its own version."""


def programs_named(names: Iterable[str], flavour: str) -> Mapping[str, Program]:
    """The programs of an image.

    :param flavour: ``alpine`` and ``busybox`` prefer busybox' versions.
    """
    first = BUSYBOX if flavour in ("alpine", "busybox") else COMMON
    return {name: first.get(name) or COMMON.get(name, not_simulated) for name in names}


def not_simulated(invocation: Invocation) -> Completed:
    """A program that the image has, and that this course does not simulate."""
    return Completed("", f"{invocation.argv[0]}: this program is not simulated\n", 1)
