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

COMMON: Mapping[str, str] = {
    "bash": "programs.network_files:bash",
    "cat": "userland.text.lines:cat",
    "column": "userland.text.fields:column",
    "comm": "userland.text.fields:comm",
    "curl": "programs.curl:curl",
    "cut": "userland.text.fields:cut",
    "dash": "userland.shell.script:dash",
    "diff": "userland.text.fields:diff",
    "dig": "programs.dns.dig:dig",
    "fold": "userland.text.lines:fold",
    "getent": "programs.dns.getent:getent",
    "head": "userland.text.lines:head",
    "host": "programs.dns.host:host",
    "nl": "userland.text.lines:nl",
    "nslookup": "programs.dns.nslookup:nslookup",
    "paste": "userland.text.lines:paste",
    "rbash": "programs.network_files:bash",
    "rev": "userland.text.lines:rev",
    "sh": "userland.shell.script:dash",
    "sort": "userland.text.fields:sort",
    "tac": "userland.text.lines:tac",
    "tail": "userland.text.lines:tail",
    "tee": "userland.text.lines:tee",
    "tr": "userland.text.fields:tr",
    "uniq": "userland.text.fields:uniq",
    "wc": "userland.text.lines:wc",
    "yes": "userland.text.lines:yes",
    "[": "userland.core.small:test",
    "awk": "userland.text.awk:awk",
    "mawk": "userland.text.awk:awk",
    "nawk": "userland.text.awk:awk",
    "base64": "userland.core.small:base64",
    "basename": "userland.core.paths:basename",
    "chmod": "userland.core.files:chmod",
    "cp": "userland.core.files:cp",
    "date": "userland.core.date:date",
    "dirname": "userland.core.paths:dirname",
    "echo": "userland.core.small:echo",
    "egrep": "userland.text.grep:grep",
    "env": "userland.core.system:env",
    "envsubst": "userland.core.small:envsubst",
    "expr": "userland.core.small:expr",
    "false": "userland.core.waiting:false",
    "fgrep": "userland.text.grep:grep",
    "find": "userland.core.find:find",
    "grep": "userland.text.grep:grep",
    "hostname": "userland.core.system:hostname",
    "id": "userland.core.system:identity",
    "kill": "userland.core.processes:kill",
    "killall": "userland.core.processes:pkill",
    "ln": "userland.core.files:ln",
    "ls": "userland.core.listing:ls",
    "md5sum": "userland.core.small:checksum",
    "mkdir": "userland.core.files:mkdir",
    "mktemp": "userland.core.small:mktemp",
    "mv": "userland.core.files:mv",
    "nice": "userland.core.wrappers:passing",
    "nohup": "userland.core.wrappers:passing",
    "nproc": "userland.core.system:nproc",
    "od": "userland.core.small:od",
    "pgrep": "userland.core.processes:pgrep",
    "pidof": "userland.core.processes:pidof",
    "pkill": "userland.core.processes:pkill",
    "poweroff": "userland.core.system:refuse_reboot",
    "printenv": "userland.core.system:printenv",
    "printf": "userland.core.small:printf",
    "ps": "userland.core.processes:ps",
    "pwd": "userland.core.small:pwd",
    "readlink": "userland.core.paths:readlink",
    "realpath": "userland.core.paths:readlink",
    "reboot": "userland.core.system:refuse_reboot",
    "rm": "userland.core.files:rm",
    "rmdir": "userland.core.files:rmdir",
    "sed": "userland.text.sed:sed",
    "seq": "userland.core.small:seq",
    "setsid": "userland.core.wrappers:passing",
    "sha1sum": "userland.core.small:checksum",
    "sha256sum": "userland.core.small:checksum",
    "sha512sum": "userland.core.small:checksum",
    "shutdown": "userland.core.system:refuse_reboot",
    "sleep": "userland.core.waiting:sleep",
    "stat": "userland.core.listing:stat",
    "stdbuf": "userland.core.wrappers:passing",
    "test": "userland.core.small:test",
    "timeout": "userland.core.wrappers:timeout",
    "touch": "userland.core.files:touch",
    "traceroute": "programs.net.traceroute:traceroute",
    "true": "userland.core.waiting:true",
    "uname": "userland.core.system:uname",
    "watch": "userland.core.waiting:watch",
    "which": "userland.core.system:which",
    "whoami": "userland.core.system:whoami",
    "xargs": "userland.core.wrappers:xargs",
    "arp": "programs.net.net_tools:arp",
    "conntrack": "programs.net.conntrack:conntrack",
    "ip": "programs.net.iproute:ip",
    "iptables": "programs.net.iptables:iptables",
    "iptables-save": "programs.net.iptables:iptables_save",
    "nc": "programs.net.netcat:nc",
    "netcat": "programs.net.netcat:nc",
    "netstat": "programs.net.net_tools:netstat",
    "nft": "programs.net.iptables:nft",
    "ping": "programs.net.ping:ping",
    "route": "programs.net.net_tools:route",
    "ss": "programs.net.iproute:ss",
    "telnet": "programs.net.netcat:telnet",
    "wget": "programs.net.wget:wget",
}
"""Programs of a Debian or Ubuntu machine: name → ``module:function``, the module below ``kubesim``."""

BUSYBOX: Mapping[str, str] = {
    "ash": "userland.shell.script:ash",
    "busybox": "userland.core.wrappers:busybox",
    "getent": "programs.dns.getent:musl_getent",
    "nslookup": "programs.dns.busybox_nslookup:busybox_nslookup",
    "sh": "userland.shell.script:ash",
}
"""What busybox, and Alpine with it, has in its own version; written as in :data:`COMMON`."""

IMAGES: Mapping[str, str] = {
    "agnhost": "programs.servers:agnhost",
    "coredns": "programs.coredns:coredns",
    "docker-entrypoint.sh": "programs.nginx:docker_entrypoint",
    "echoserver": "programs.servers:echoserver",
    "entrypoint.sh": "userland.core.wrappers:curl_entrypoint",
    "hello-app": "programs.servers:hello_app",
    "http-echo": "programs.servers:http_echo",
    "httpd": "programs.servers:httpd",
    "httpd-foreground": "programs.servers:httpd",
    "nginx": "programs.nginx:Nginx",
    "nginx-debug": "programs.nginx:Nginx",
    "pause": "programs.servers:pause",
    "python3": "programs.servers:python",
    "redis-server": "programs.servers:redis_server",
    "whoami-server": "programs.servers:whoami_server",
}
"""What only images have: servers and entrypoints; written as in :data:`COMMON`."""


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


def programs_named(names: Iterable[str], flavour: str) -> Mapping[str, Program]:
    """The programs of an image.

    :param flavour: ``alpine`` and ``busybox`` prefer busybox' versions.
    """
    first = BUSYBOX if flavour in ("alpine", "busybox") else COMMON
    return Programs({name: first.get(name) or COMMON.get(name) or IMAGES.get(name, "") for name in names})


def _load(home: str) -> Program:
    module, _, function = home.partition(":")
    found = getattr(importlib.import_module(f"kubesim.{module}"), function)
    program: Program = found() if isinstance(found, type) else found
    return program


def not_simulated(invocation: Invocation) -> Completed:
    """A program that the image has, and that this course does not simulate."""
    return Completed("", f"{invocation.argv[0]}: this program is not simulated\n", 1)
