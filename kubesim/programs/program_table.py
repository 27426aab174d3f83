"""Every simulated program by name, for each family of images.

An image lists names; :func:`programs_named` finds what each does there. Busybox and Alpine images have busybox'
versions where those print other words. A name that an image has but the simulator does not know says so when run.
A program's module is loaded when the program is first looked up: a cluster starts without them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping

from kubesim.programs.machine import Invocation
from kubesim.userland.process import Completed, Program


def _homes(programs: Mapping[str, str]) -> Mapping[str, str]:
    """Name → ``module:function``, of each module's programs: a word is a name, or NAME=FUNCTION."""
    return {
        name: f"{module}:{function or name.replace('-', '_')}"
        for module, words in programs.items()
        for name, _, function in (word.partition("=") for word in words.split())
    }


COMMON = _homes(
    {
        "programs.curl": "curl",
        "programs.dns.dig": "dig",
        "programs.dns.getent": "getent",
        "programs.dns.host": "host",
        "programs.dns.nslookup": "nslookup",
        "programs.net.conntrack": "conntrack",
        "programs.net.iproute": "ip",
        "programs.net.ipset": "ipset",
        "programs.net.iptables": "iptables iptables-save nft",
        "programs.net.listening": "netstat ss",
        "programs.net.nettools": "arp ifconfig route",
        "programs.net.netcat": "nc ncat nc.openbsd=nc nc.traditional=traditional netcat=nc",
        "programs.net.telnet": "telnet",
        "programs.net.ping": "ping",
        "programs.net.traceroute": "traceroute",
        "programs.net.wget": "wget",
        "programs.network_files": "bash rbash=bash",
        "userland.core.clock": "date sleep",
        "userland.core.encodings": "base64 od md5sum=checksum sha1sum=checksum sha256sum=checksum sha512sum=checksum",
        "userland.core.archives": "tar",
        "userland.core.files": "chmod cp=copy_or_move ln mkdir mktemp mv=copy_or_move rm rmdir touch",
        "userland.core.find": "find",
        "userland.core.listing": "basename dirname ls readlink realpath=readlink stat",
        "userland.core.processes": "kill killall=pkill pgrep pidof pkill ps",
        "userland.core.system": "envsubst hostname id=identity nproc printenv uname which whoami "
        "poweroff=refuse_reboot reboot=refuse_reboot shutdown=refuse_reboot "
        "nano=refuse_screen vi=refuse_screen view=refuse_screen vim=refuse_screen",
        "userland.core.words": "echo expr false printf pwd seq test [=test true",
        "userland.core.wrappers": "env nice=passing nohup=passing setsid=passing stdbuf=passing timeout xargs",
        "userland.core.superuser": "sudo",
        "userland.shell.script": "dash sh=dash",
        "userland.shell.watching": "watch",
        "userland.text.awk.command": "awk mawk=awk nawk=awk",
        "userland.text.fields": "cmp column comm cut diff tr uniq",
        "userland.text.sorting": "sort",
        "userland.text.grep": "grep egrep=grep fgrep=grep",
        "userland.text.lines": "cat fold head=head_or_tail nl paste rev tac tail=head_or_tail tee wc yes",
        "userland.text.sed.command": "sed",
    }
)
"""Programs of a Debian or Ubuntu machine: name → ``module:function``, the module below ``kubesim``."""

BUSYBOX = _homes(
    {
        "programs.dns.busybox_nslookup": "nslookup=busybox_nslookup",
        "programs.dns.getent": "getent=musl_getent",
        "programs.net.busybox_httpd": "httpd=busybox_httpd",
        "userland.core.wrappers": "busybox",
        "userland.shell.script": "ash sh=ash",
    }
)
"""What busybox, and Alpine with it, has in its own version."""

IMAGES = _homes(
    {
        "programs.coredns": "coredns",
        "programs.nginx": "nginx=Nginx nginx-debug=Nginx docker-entrypoint.sh=docker_entrypoint",
        "programs.klipper_lb": "entry",
        "programs.servers": "agnhost echoserver hello-app http-echo httpd httpd-foreground=httpd pause "
        "python3=python redis-cli redis-server whoami-server",
        "programs.curl": "entrypoint.sh=curl_entrypoint",
        "programs.dns.small_nslookup": "small-nslookup",
    }
)
"""What only images have: servers and entrypoints."""


class Programs(Mapping[str, Program]):
    """The programs of an image by name; each is loaded when it is first looked up.

    :param homes: name → ``module:function``, the module below ``kubesim``; "" for one that is not simulated. A class in
        place of a function is a program that remembers what the image's containers share.
    """

    def __init__(self, homes: Mapping[str, str]) -> None:
        self._homes = homes
        self._loaded: dict[str, Program] = {"": not_simulated}

    def __getitem__(self, name: str) -> Program:
        home = self._homes[name]
        found = self._loaded.get(home)
        if found is None:
            found = self._loaded[home] = _load(home)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


def programs_named(names: Iterable[str], flavour: str, packages: Iterable[str] = ()) -> Mapping[str, Program]:
    """The programs of an image.

    :param flavour: ``alpine`` and ``busybox`` prefer busybox' versions.
    :param packages: what was installed into it, names or paths: Alpine's bind-tools bring BIND's ``nslookup``, whatever
        busybox has of that name. ``NAME=PROGRAM`` is a program of this table under another name.
    """
    first = BUSYBOX if flavour in ("alpine", "busybox") else COMMON
    homes = {name: first.get(name) or COMMON.get(name) or IMAGES.get(name, "") for name in names}
    for package in packages:
        path, _, program = package.partition("=")
        name = path.rpartition("/")[2]
        homes[name] = IMAGES.get(program or name) or COMMON.get(program or name, "")
    return Programs(homes)


def _load(home: str) -> Program:
    module, _, function = home.partition(":")
    found = getattr(importlib.import_module(f"kubesim.{module}"), function)
    program: Program = found() if isinstance(found, type) else found
    return program


def not_simulated(invocation: Invocation) -> Completed:
    """A program that the image has, and that this course does not simulate."""
    return Completed("", f"{invocation.argv[0]}: this program is not simulated\n", 1)
