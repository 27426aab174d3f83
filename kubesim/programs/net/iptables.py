"""``iptables-save``, ``iptables -S``/``-L``, ``nft list``: the rules that packets here really walk."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest

from kubesim.network.iptables_text import save
from kubesim.network.nftables_text import list_ruleset
from kubesim.programs.connecting import SERVICES
from kubesim.programs.machine import Run
from kubesim.userland.command_line import Complaint, program
from kubesim.userland.process import Completed

_VERSION = "v1.8.11 (nf_tables)"
_CHAINS = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "raw": ("PREROUTING", "OUTPUT"),
    "security": ("PREROUTING", "OUTPUT"),
}
"""The tables, each with the kernel's own chains."""
_CHANGING = re.compile(r"-[FADIRXNZPE]|--(flush|append|delete|insert|replace|new-chain|policy|zero)")


def _saved(run: Run, table: str | None) -> str:
    ruleset = run.machine.sockets.rules
    if ruleset is None:
        return ""
    stamp = run.machine.datetime(run.invocation.elapsed).strftime("%a %b %e %H:%M:%S %Y")
    return save(ruleset, table, stamp) if ruleset.mode == "iptables" else list_ruleset(ruleset, table)


def _table(words: list[str]) -> str | None:
    for word, following in zip_longest(words, words[1:]):
        if word in ("-t", "--table") and following is not None:
            return following
        if word.startswith("-t") and len(word) > 2:
            return word[2:]
    return None


@program()
def iptables_save(run: Run) -> Completed:
    """Every table, or one, in the format of ``iptables-restore``."""
    table = _table(run.operands)
    if table is not None and table not in _CHAINS:
        raise Complaint(f"iptables-save {_VERSION}: Cannot initialize: table `{table}' does not exist\n")
    return Completed(_saved(run, table))


@program()
def iptables(run: Run) -> Completed:
    """List chains; changing rules by hand is not simulated, because kube-proxy would put them back."""
    words = run.operands
    table = _table(words) or "filter"
    me = f"iptables {_VERSION}"
    if table not in _CHAINS:
        hint = "Perhaps iptables or your kernel needs to be upgraded."
        raise Complaint(f"{me}: table '{table}' does not exist\n{hint}\n", 3)
    if "--version" in words or "-V" in words:
        return Completed(f"{me}\n")
    if any(_CHANGING.fullmatch(word) for word in words):
        raise Complaint(f"{me}: changing rules by hand is not simulated; kube-proxy writes them\n")
    chains: dict[str, list[str]] = {name: [] for name in _CHAINS[table]}
    policies = dict.fromkeys(chains, "ACCEPT")
    for line in _saved(run, table).splitlines():
        if match := re.match(r":(\S+) (\S+)", line):
            chains.setdefault(match[1], [])
            if match[2] != "-":
                policies[match[1]] = match[2]
        elif match := re.match(r"-A (\S+) ?(.*)", line):
            chains.setdefault(match[1], []).append(match[2])
    wanted = _chain(words)
    if wanted is not None and wanted not in chains:
        raise Complaint("iptables: No chain/target/match by that name.\n")
    names = [wanted] if wanted else [*policies, *sorted(name for name in chains if name not in policies)]
    if "-S" in words or "--list-rules" in words:
        heads = [f"-P {name} {policies[name]}" if name in policies else f"-N {name}" for name in names]
        return run.finished([*heads, *(f"-A {name} {rule}".rstrip() for name in names for rule in chains[name])])
    if "--list" not in words and not any(re.match("-[^-]*L", word) for word in words):
        hint = "Try `iptables -h' or 'iptables --help' for more information."
        raise Complaint(f"{me}: no command specified\n{hint}\n", 2)
    numeric, numbered = _joined(words, "n"), "--line-numbers" in words
    verbose = "--verbose" in words or _joined(words, "v")
    out: list[str] = []
    for name in names:
        jump = re.compile(rf"-j {re.escape(name)}(?= |$)")
        users = sum(len(jump.findall(rule)) for rules in chains.values() for rule in rules)
        counted = " 0 packets, 0 bytes" if verbose else ""
        head = f"(policy {policies[name]}{counted})" if name in policies else f"({users} references)"
        out += ([""] if out else []) + [f"Chain {name} {head}"]
        title = " pkts bytes target     prot opt in     out    " if verbose else "target     prot opt"
        out.append(("num  " if numbered else "") + f"{title} source               destination         ")
        for number, rule in enumerate(chains[name], 1):
            out.append((f"{number:<4} " if numbered else "") + listed(rule, numeric, verbose))
    return run.finished(out)


def _joined(words: list[str], letter: str) -> bool:
    """Whether a letter stands among those of ``-L``, ``-v``, ``-n`` and ``-x`` that are written together."""
    return any(re.fullmatch("-[Lvnx]+", word) and letter in word for word in words)


def _chain(words: list[str]) -> str | None:
    for position, word in enumerate(words):
        if word in ("-L", "-S", "--list", "--list-rules") or re.fullmatch(r"-[vnx]*L[vnx]*", word):
            following = words[position + 1 : position + 2]
            return following[0] if following and not following[0].startswith("-") else None
    return None


_DETAILS = re.compile(
    r' -m comment --comment "(?P<comment>[^"]*)"| -m comment --comment (?P<word>\S+)'
    r"|(?: -m (?:tcp|udp))? --dport (?P<port>\S+)"
    r"|(?: -m icmp)? --icmp-type (?P<icmp>\S+)| -m multiport --dports (?P<ports>\S+)"
    r"| -m set --match-set (?P<member>\S+ \S+)| -m physdev (?P<physdev>--physdev-is-bridged)"
    r"| -m limit --limit (?P<limit>\S+)(?: --limit-burst (?P<burst>\d+))?"
    r"| --nflog-prefix (?P<prefix>\"[^\"]*\")| --nflog-group (?P<group>\d+)"
    r"| -m addrtype --dst-type (?P<local>LOCAL)| -m addrtype --src-type (?P<from>LOCAL)"
    r"| -m conntrack ! --ctstate (?P<other>\S+)| -m statistic --mode random --probability (?P<random>[\d.e-]+)"
    r"| -m conntrack --ctstate (?P<state>\S+)| -m mark ! --mark (?P<unmarked>\S+)| -m mark --mark (?P<marked>\S+)"
    r"| -m nfacct --nfacct-name\s+(?P<counter>\S+)"
    r"| -m recent --set --name (?P<set>\S+) --mask \S+ --rsource"
    r"| -m recent --rcheck --seconds (?P<check>\d+ --reap --name \S+) --mask \S+ --rsource"
    r"| --to-destination (?P<to>\S+)| --or-mark (?P<or>\S+)| --set-xmark (?P<xor>\S+)"
    r"| --reject-with (?P<reject>\S+)| (?P<fully>--random-fully)"
)


def _mark(text: str) -> str:
    """``--set-xmark value/mask``: setting the mask's own bits is an "or", with an empty mask it is an "xor"."""
    value, _, mask = text.partition("/")
    if value == mask:
        return f"MARK or {value}"
    return f"MARK xor {value}" if mask == "0x0" else f"MARK and {0xFFFFFFFF ^ int(mask, 16):#x}"


def _recent(text: str) -> str:
    """``10800 --reap --name LIST``: clients that were seen within so many seconds."""
    seconds, _, name = text.partition(" --reap --name ")
    return f"recent: CHECK seconds: {seconds} reap name: {name} side: source mask: 255.255.255.255"


_SHOWN: dict[str, Callable[[str], str]] = {
    "comment": "/* {} */".format,
    "word": "/* {} */".format,
    "icmp": "icmptype {}".format,
    "ports": "multiport dports {}".format,
    "member": "match-set {}".format,
    "physdev": "PHYSDEV match {}".format,
    "prefix": "nflog-prefix {}".format,
    "group": "nflog-group {}".format,
    "local": "ADDRTYPE match dst-type {}".format,
    "from": "ADDRTYPE match src-type {}".format,
    "other": "! ctstate {}".format,
    "random": lambda text: f"statistic mode random probability {float(text):.11f}",
    "state": "ctstate {}".format,
    "unmarked": "mark match ! {}".format,
    "marked": "mark match {}".format,
    "counter": "nfacct-name  {}".format,
    "set": "recent: SET name: {} side: source mask: 255.255.255.255".format,
    "check": _recent,
    "to": "to:{}".format,
    "or": "MARK or {}".format,
    "xor": _mark,
    "reject": "reject-with {}".format,
    "fully": "random-fully".format,
}
"""What ``-L`` shows of each detail of a rule, by its group in the pattern."""


def listed(rule: str, numeric: bool, verbose: bool = False) -> str:
    """One rule as ``iptables -L`` shows it; ``-v`` adds interfaces, and counters, which are not simulated."""
    rest = f" {rule} "

    def take(pattern: str) -> tuple[str, str]:
        """The groups of a pattern, taken out: "!" where it is negated, and what it names."""
        nonlocal rest
        match = re.search(pattern, rest)
        if not match:
            return "", ""
        rest = rest[: match.start()] + " " + rest[match.end() :]
        return "!" if match[1] == "! " else "", match[match.re.groups]

    target, protocol = take(r" -j (\S+)")[1], take(r" -p (\S+)")[1]
    ends = [take(rf" (! )?-{letter} (\S+)") for letter in "sd"]
    negation, entry = take(r" (! )?-i (\S+)")
    # The protocol's own match prints its name: before a port, or alone where it says nothing else.
    rest = re.sub(rf" -m {protocol} (?=--dport|--icmp-type)", " ", rest) if protocol else rest
    rest = rest.replace(f" -m {protocol} ", f" {protocol} ") if protocol else rest
    anywhere = "0.0.0.0/0" if numeric else "anywhere"
    details = []
    position = 0
    for match in _DETAILS.finditer(rest):
        left = " ".join(rest[position : match.start()].split())
        position = match.end()
        kind, value = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "port":
            named = SERVICES.get(int(value), value) if value.isdigit() and not numeric else value
            shown = f"{protocol} dpts:{value}" if ":" in value else f"{protocol} dpt:{named}"
        elif match["limit"]:
            shown = f"limit: avg {match['limit']} burst {match['burst'] or 5}"
        else:
            shown = _SHOWN[kind](value)
        details += [left, shown] if left else [shown]
    left = " ".join(rest[position:].split())
    details += [left] if left else []
    counters = f"{0:>5} {0:>5} " if verbose else ""
    interfaces = f"  {negation + (entry or '*'):<6} {'*':<6} " if verbose else " "
    shown_ends = "".join(f"{mark or ' '}{text.removesuffix('/32') or anywhere:<19} " for mark, text in ends)
    first = f"{counters}{target:<9}  {protocol or 'all':<4} --{interfaces}{shown_ends}"
    return first + (" " + " ".join(details) if details else "")


@program()
def nft(run: Run) -> Completed:
    """``nft list ruleset|tables|table|chain``."""
    words = [word for word in run.operands if not word.startswith("-")]
    text = _saved(run, None)
    if words[:1] != ["list"]:
        raise Complaint("Error: syntax error: only `nft list …` is simulated\n")
    what = (*words, "end of file")[1]
    tables = re.findall(r"^(table \S+ \S+) \{\n(.*?)^\}$", text, re.DOTALL | re.MULTILINE)
    heads = [head for head, _ in tables]
    if not tables:  # iptables' rules, as the nf_tables back-end shows them
        heads = [f"table ip {name}" for name in re.findall(r"^\*(\w+)$", text, re.MULTILINE)]
    if what == "tables":
        return run.finished(heads)
    if heads and not tables:
        raise Complaint("Error: these rules were written by iptables-nft; list them with iptables-save\n")
    if what == "ruleset":
        return Completed(text)
    if what not in ("table", "chain") or len(words) < 4:
        raise Complaint(f"Error: syntax error, unexpected {what}\n")
    wanted = f"table {words[2]} {words[3]}"
    body = next((body for head, body in tables if head == wanted), None)
    if body is not None and what == "chain":
        chain = re.search(rf"^\tchain {re.escape(words[-1])} \{{\n.*?^\t\}}\n", body, re.DOTALL | re.MULTILINE)
        body = chain and chain[0]
    if body is None:
        shown, last = " ".join(words), words[-1]
        marks = " " * shown.rfind(last) + "^" * len(last)
        raise Complaint(f"Error: No such file or directory\n{shown}\n{marks}\n")
    return Completed(f"{wanted} {{\n{body}}}\n")
