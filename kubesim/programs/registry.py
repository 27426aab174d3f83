"""Every simulated program by name, for each family of images.

An image lists names; :func:`programs_named` finds what each does there. Busybox and Alpine images have busybox'
versions where those print other words. A name that an image has but the simulator does not know says so when run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubesim.programs import servers
from kubesim.programs.busybox_nslookup import busybox_nslookup
from kubesim.programs.coredns import coredns
from kubesim.programs.curl import curl
from kubesim.programs.dig import dig
from kubesim.programs.getent import getent
from kubesim.programs.host import host
from kubesim.programs.musl_getent import musl_getent
from kubesim.programs.net.interfaces import ip, ss
from kubesim.programs.net.netcat import nc, telnet
from kubesim.programs.net.older import arp, netstat, route
from kubesim.programs.net.ping import ping
from kubesim.programs.net.rules import iptables, iptables_save, nft
from kubesim.programs.net.traceroute import traceroute
from kubesim.programs.net.tracking import conntrack
from kubesim.programs.net.wget import wget
from kubesim.programs.nginx import docker_entrypoint, nginx
from kubesim.programs.nslookup import nslookup
from kubesim.userland.core import date, files, find, listing, paths, processes, small, system, waiting, wrappers
from kubesim.userland.process import Completed, Invocation, Program
from kubesim.userland.shell.script import ash, bash, dash
from kubesim.userland.text import fields, lines
from kubesim.userland.text.awk import awk
from kubesim.userland.text.grep import grep
from kubesim.userland.text.sed import sed

COMMON: dict[str, Program] = {
    "bash": bash,
    "cat": lines.cat,
    "column": fields.column,
    "comm": fields.comm,
    "curl": curl,
    "cut": fields.cut,
    "dash": dash,
    "diff": fields.diff,
    "dig": dig,
    "fold": lines.fold,
    "getent": getent,
    "head": lines.head,
    "host": host,
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
    "[": small.test,
    "awk": awk,
    "mawk": awk,
    "nawk": awk,
    "base64": small.base64,
    "basename": paths.basename,
    "chmod": files.chmod,
    "cp": files.cp,
    "date": date.date,
    "dirname": paths.dirname,
    "echo": small.echo,
    "egrep": grep,
    "env": system.env,
    "envsubst": small.envsubst,
    "expr": small.expr,
    "false": waiting.false,
    "fgrep": grep,
    "find": find.find,
    "grep": grep,
    "hostname": system.hostname,
    "id": system.identity,
    "kill": processes.kill,
    "killall": processes.pkill,
    "ln": files.ln,
    "ls": listing.ls,
    "md5sum": small.checksum,
    "mkdir": files.mkdir,
    "mktemp": small.mktemp,
    "mv": files.mv,
    "nice": wrappers.passing,
    "nohup": wrappers.passing,
    "nproc": system.nproc,
    "od": small.od,
    "pgrep": processes.pgrep,
    "pidof": processes.pidof,
    "pkill": processes.pkill,
    "poweroff": system.refuse_reboot,
    "printenv": system.printenv,
    "printf": small.printf,
    "ps": processes.ps,
    "pwd": small.pwd,
    "readlink": paths.readlink,
    "realpath": paths.readlink,
    "reboot": system.refuse_reboot,
    "rm": files.rm,
    "rmdir": files.rmdir,
    "sed": sed,
    "seq": small.seq,
    "setsid": wrappers.passing,
    "sha1sum": small.checksum,
    "sha256sum": small.checksum,
    "sha512sum": small.checksum,
    "shutdown": system.refuse_reboot,
    "sleep": waiting.sleep,
    "stat": listing.stat,
    "stdbuf": wrappers.passing,
    "test": small.test,
    "timeout": wrappers.timeout,
    "touch": files.touch,
    "traceroute": traceroute,
    "true": waiting.true,
    "uname": system.uname,
    "watch": waiting.watch,
    "which": system.which,
    "whoami": system.whoami,
    "xargs": wrappers.xargs,
    "arp": arp,
    "conntrack": conntrack,
    "ip": ip,
    "iptables": iptables,
    "iptables-save": iptables_save,
    "nc": nc,
    "netcat": nc,
    "netstat": netstat,
    "nft": nft,
    "ping": ping,
    "route": route,
    "ss": ss,
    "telnet": telnet,
    "wget": wget,
}
"""Programs of a Debian or Ubuntu machine."""

BUSYBOX: dict[str, Program] = {
    "ash": ash,
    "busybox": wrappers.busybox,
    "getent": musl_getent,
    "nslookup": busybox_nslookup,
    "sh": ash,
}
"""What busybox, and Alpine with it, has in its own version."""

IMAGES: dict[str, Program] = {
    "agnhost": servers.agnhost,
    "coredns": coredns,
    "docker-entrypoint.sh": docker_entrypoint,
    "echoserver": servers.echoserver,
    "entrypoint.sh": wrappers.curl_entrypoint,
    "hello-app": servers.hello_app,
    "http-echo": servers.http_echo,
    "httpd": servers.httpd,
    "httpd-foreground": servers.httpd,
    "nginx": nginx,
    "nginx-debug": nginx,
    "pause": servers.pause,
    "python3": servers.python,
    "redis-server": servers.redis_server,
    "whoami-server": servers.whoami_server,
}
"""What only images have: servers and entrypoints."""


def programs_named(names: Iterable[str], flavour: str) -> Mapping[str, Program]:
    """The programs of an image.

    :param flavour: ``alpine`` and ``busybox`` prefer busybox' versions.
    """
    first = BUSYBOX if flavour in ("alpine", "busybox") else COMMON
    return {name: first.get(name) or COMMON.get(name) or IMAGES.get(name, not_simulated) for name in names}


def not_simulated(invocation: Invocation) -> Completed:
    """A program that the image has, and that this course does not simulate."""
    return Completed("", f"{invocation.argv[0]}: this program is not simulated\n", 1)
