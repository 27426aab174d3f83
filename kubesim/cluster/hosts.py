"""The machines people sit at: the nodes and those outside the cluster, with an Ubuntu server's programs."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.store import Store
from kubesim.network.dns import resolv_conf
from kubesim.network.network import Network
from kubesim.network.sockets import Sockets
from kubesim.programs.images import skeleton
from kubesim.programs.machine import Machine
from kubesim.programs.program_table import COMMON, programs_named
from kubesim.simulation import Simulation
from kubesim.userland.filesystem import FileSystem, Layer
from kubesim.userland.machine import DEFAULT_PATH

HOME = "/root"
ACCOUNTS = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUPS = """\
root:x:0:
daemon:x:1:
nogroup:x:65534:
"""


def host_machine(
    name: str,
    hostname: str,
    simulation: Simulation,
    network: Network,
    *,
    hosts: str,
    resolver: str,
    kernel: str,
    store: Store | None = None,
) -> Machine:
    """A host's machine.

    :param name: in traces: ``node/master``, ``laptop``.
    :param hosts: its ``/etc/hosts``; ``resolver`` its ``/etc/resolv.conf``.
    :param store: given to nodes, whose programs show what kube-proxy wrote.
    """
    names = [program for program in COMMON if "entrypoint" not in program and not program.startswith("nginx")]
    files = FileSystem(simulation.unix_time, Layer(skeleton("ubuntu", names)))
    files.make_directory(HOME, parents=True)
    files.write("/etc/passwd", ACCOUNTS)
    files.write("/etc/group", GROUPS)
    files.write("/etc/hostname", f"{hostname}\n")
    files.write("/etc/hosts", hosts)
    files.write("/etc/resolv.conf", resolver)
    return Machine(
        name=name,
        hostname=hostname,
        files=files,
        sockets=Sockets(network, name),
        programs=programs_named(names, "ubuntu"),
        simulation=simulation,
        environment={"PATH": DEFAULT_PATH, "HOME": HOME, "HOSTNAME": hostname, "USER": "root", "SHELL": "/bin/bash"},
        store=store,
        flavour="ubuntu",
        directory=HOME,
        kernel=kernel,
        has_init=name.startswith("node/"),
    )


def node_resolver(nameservers: Sequence[str]) -> str:
    """A host's ``/etc/resolv.conf``."""
    return resolv_conf.render(nameservers=nameservers)
