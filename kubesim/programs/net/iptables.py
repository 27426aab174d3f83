"""``iptables-save``, ``iptables -S``/``-L``, ``nft list``: the rules that packets here really walk."""

from __future__ import annotations

import re

from kubesim.network.iptables_text import save
from kubesim.network.nftables_text import list_ruleset
from kubesim.network.rules import Ruleset
from kubesim.programs.connecting import SERVICES
from kubesim.programs.machine import Invocation
from kubesim.userland.command_line import finished, joined
from kubesim.userland.process import Completed

_TABLES = ("filter", "nat", "mangle", "raw", "security")


def _ruleset(invocation: Invocation) -> Ruleset | None:
    return invocation.machine.sockets.rules


def _saved(invocation: Invocation, table: str | None) -> str:
    ruleset = _ruleset(invocation)
    if ruleset is None:
        return ""
    stamp = invocation.machine.datetime(invocation.elapsed).strftime("%a %b %e %H:%M:%S %Y")
    return save(ruleset, table, stamp) if ruleset.mode == "iptables" else list_ruleset(ruleset, table)


def _table(words: list[str]) -> str | None:
    for position, word in enumerate(words):
        if word in ("-t", "--table") and position + 1 < len(words):
            return words[position + 1]
        if word.startswith("-t") and len(word) > 2 and not word.startswith("--"):
            return word[2:]
    return None


def iptables_save(invocation: Invocation) -> Completed:
    """Every table, or one, in the format of ``iptables-restore``."""
    table = _table(list(invocation.argv[1:]))
    if table is not None and table not in _TABLES:
        return Completed(
            "", f"iptables-save v1.8.11 (nf_tables): Cannot initialize: table `{table}' does not exist\n", 1
        )
    return Completed(_saved(invocation, table))


_CHANGING = re.compile(r"-[FADIRXNZPE]|--(flush|append|delete|insert|replace|new-chain|policy|zero)")


def iptables(invocation: Invocation) -> Completed:
    """List chains; changing rules by hand is not simulated, because kube-proxy would put them back."""
    words = list(invocation.argv[1:])
    table = _table(words) or "filter"
    program = "iptables v1.8.11 (nf_tables)"
    if table not in _TABLES:
        return Completed(
            "", f"{program}: table '{table}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.\n", 3
        )
    if "--version" in words or "-V" in words:
        return Completed(f"{program}\n")
    if any(_CHANGING.fullmatch(word) for word in words):
        return Completed("", f"{program}: changing rules by hand is not simulated; kube-proxy writes them\n", 1)
    lines = _saved(invocation, table).splitlines()
    chains: dict[str, list[str]] = {name: [] for name in _builtin(table)}
    policies = dict.fromkeys(chains, "ACCEPT")
    for line in lines:
        if match := re.match(r":(\S+) (\S+)", line):
            chains.setdefault(match[1], [])
            if match[2] != "-":
                policies[match[1]] = match[2]
        elif match := re.match(r"-A (\S+) ?(.*)", line):
            chains.setdefault(match[1], []).append(match[2])
    wanted = _chain(words)
    if wanted is not None and wanted not in chains:
        return Completed("", "iptables: No chain/target/match by that name.\n", 1)
    names = [wanted] if wanted else [*policies, *sorted(name for name in chains if name not in policies)]
    if any(word in ("-S", "--list-rules") for word in words):
        heads = [f"-P {name} {policies[name]}" if name in policies else f"-N {name}" for name in names]
        return Completed(joined([*heads, *(f"-A {name} {rule}".rstrip() for name in names for rule in chains[name])]))
    if not any(
        (word.startswith("-") and "L" in word and not word.startswith("--")) or word == "--list" for word in words
    ):
        return Completed(
            "", f"{program}: no command specified\nTry `iptables -h' or 'iptables --help' for more information.\n", 2
        )
    numeric = any(word == "-n" or re.fullmatch(r"-[Lvnx]*n[Lvnx]*", word) for word in words)
    numbered = "--line-numbers" in words
    verbose = any(word == "--verbose" or re.fullmatch(r"-[Lnx]*v[Lvnx]*", word) for word in words)
    out: list[str] = []
    for name in names:
        users = sum(
            len(re.findall(rf"-j {re.escape(name)}(?= |$)", rule)) for rules in chains.values() for rule in rules
        )
        counted = " 0 packets, 0 bytes" if verbose else ""
        head = f"(policy {policies[name]}{counted})" if name in policies else f"({users} references)"
        out += ([""] if out else []) + [f"Chain {name} {head}"]
        title = " pkts bytes target     prot opt in     out    " if verbose else "target     prot opt"
        out.append(("num  " if numbered else "") + f"{title} source               destination         ")
        for number, rule in enumerate(chains[name], 1):
            out.append((f"{number:<4} " if numbered else "") + listed(rule, numeric, verbose))
    return Completed(joined(out))


def _builtin(table: str) -> tuple[str, ...]:
    return {
        "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
        "filter": ("INPUT", "FORWARD", "OUTPUT"),
        "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    }.get(table, ("PREROUTING", "OUTPUT"))


def _chain(words: list[str]) -> str | None:
    for position, word in enumerate(words):
        if word in ("-L", "-S", "--list", "--list-rules") or re.fullmatch(r"-[vnx]*L[vnx]*", word):
            following = words[position + 1 : position + 2]
            return following[0] if following and not following[0].startswith("-") else None
    return None


_DETAILS = re.compile(
    r' -m comment --comment "(?P<comment>[^"]*)"| -m comment --comment (?P<word>\S+)'
    r"|(?: -m (?:tcp|udp))? --dport (?P<port>\S+)"
    r"| -m addrtype --dst-type (?P<local>LOCAL)| -m statistic --mode random --probability (?P<random>\S+)"
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
    return f"MARK or {value}" if value == mask else f"MARK xor {value}"


def _recent(text: str) -> str:
    """``10800 --reap --name LIST``: clients that were seen within so many seconds."""
    seconds, _, name = text.partition(" --reap --name ")
    return f"recent: CHECK seconds: {seconds} reap name: {name} side: source mask: 255.255.255.255"


def _service(port: str) -> str:
    """A port's name, where it has one."""
    return SERVICES.get(int(port), port) if port.isdigit() else port


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def listed(rule: str, numeric: bool, verbose: bool = False) -> str:
    """One rule as ``iptables -L`` shows it; ``-v`` adds interfaces, and counters, which are not simulated."""
    rest = f" {rule} "

    def take(pattern: str) -> str:
        nonlocal rest
        match = re.search(pattern, rest)
        if not match:
            return ""
        rest = rest[: match.start()] + " " + rest[match.end() :]
        return match[match.re.groups and 1] if match.re.groups else match[0]

    target = take(r" -j (\S+)")
    source_not, source = bool(re.search(r" ! -s ", rest)), take(r" (?:! )?-s (\S+)")
    destination_not, destination = bool(re.search(r" ! -d ", rest)), take(r" (?:! )?-d (\S+)")
    protocol = take(r" -p (\S+)")
    entry_not, entry = bool(re.search(r" ! -i ", rest)), take(r" (?:! )?-i (\S+)")
    # The protocol's own match prints its name: before a port, or alone where it says nothing else.
    rest = re.sub(rf" -m {protocol} (?=--dport)", " ", rest) if protocol else rest
    rest = rest.replace(f" -m {protocol} ", f" {protocol} ") if protocol else rest
    anywhere = "0.0.0.0/0" if numeric else "anywhere"

    def end(text: str, negated: bool) -> str:
        return f"{'!' if negated else ' '}{text.removesuffix('/32') or anywhere:<19} "

    details = []
    position = 0
    for match in _DETAILS.finditer(rest):
        left = " ".join(rest[position : match.start()].split())
        details += [left] if left else []
        position = match.end()
        kind, value = match.lastgroup or "", match[match.lastgroup or 0]
        details.append(
            {
                "comment": f"/* {value} */",
                "word": f"/* {value} */",
                "port": f"{protocol} dpt:{value if numeric else _service(value)}",
                "local": "ADDRTYPE match dst-type LOCAL",
                "random": f"statistic mode random probability {_float(value):.11f}",
                "state": f"ctstate {value}",
                "unmarked": f"mark match ! {value}",
                "marked": f"mark match {value}",
                "counter": f"nfacct-name  {value}",
                "set": f"recent: SET name: {value} side: source mask: 255.255.255.255",
                "check": _recent(value),
                "to": f"to:{value}",
                "or": f"MARK or {value}",
                "xor": _mark(value),
                "reject": f"reject-with {value}",
                "fully": "random-fully",
            }[kind]
        )
    left = " ".join(rest[position:].split())
    details += [left] if left else []
    number = {"tcp": "tcp", "udp": "udp", "": "all"}.get(protocol, protocol)
    counters = f"{0:>5} {0:>5} " if verbose else ""
    interface = ("!" if entry_not else "") + (entry or "*")
    interfaces = f"  {interface:<6} {'*':<6} " if verbose else " "
    ends = end(source, source_not) + end(destination, destination_not)
    first = f"{counters}{target:<9}  {number:<4} --{interfaces}{ends}"
    return first + (" " + " ".join(details) if details else "")


def nft(invocation: Invocation) -> Completed:
    """``nft list ruleset|tables|table|chain``."""
    words = [word for word in invocation.argv[1:] if not word.startswith("-")]
    text = _saved(invocation, None)
    if not words or words[0] != "list":
        return Completed("", "Error: syntax error: only `nft list …` is simulated\n", 1)
    tables = re.findall(r"^(table \S+ \S+) \{\n(.*?)^\}$", text, re.DOTALL | re.MULTILINE)
    if not tables and text:  # iptables' rules, as the nf_tables back-end shows them
        names = re.findall(r"^\*(\w+)$", text, re.MULTILINE)
        if words[1:2] == ["tables"]:
            return Completed(joined([f"table ip {name}" for name in names]))
        return Completed("", "Error: these rules were written by iptables-nft; list them with iptables-save\n", 1)
    if words[1:2] == ["ruleset"]:
        return Completed(text)
    if words[1:2] == ["tables"]:
        return Completed(joined([head for head, _ in tables]))
    if words[1:2] in (["table"], ["chain"]) and len(words) >= 4:
        for head, body in tables:
            if head == f"table {words[2]} {words[3]}":
                if words[1] == "table":
                    return Completed(f"{head} {{\n{body}}}\n")
                chain = re.search(rf"^\tchain {re.escape(words[-1])} \{{\n.*?^\t\}}$", body, re.DOTALL | re.MULTILINE)
                if chain:
                    return Completed(f"{head} {{\n{chain[0]}\n}}\n")
        shown = " ".join(words)
        return finished(
            "", [f"Error: No such file or directory\n{shown}\n{' ' * shown.rfind(words[-1])}{'^' * len(words[-1])}"]
        )
    return Completed("", f"Error: syntax error, unexpected {words[1] if len(words) > 1 else 'end of file'}\n", 1)
