"""Rules as text: what ``iptables-save`` prints and what kube-proxy hands to ``iptables-restore``.

The two differ: kube-proxy writes conditions in its own order (``-m tcp -p tcp -d 10.43.0.10 --dport 53``), the kernel
hands them back in a fixed one (``-d 10.43.0.10/32 -p tcp … -m tcp --dport 53``), numbers rounded to what it keeps.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubesim.network import matches as m
from kubesim.network import targets as t
from kubesim.network.rules import Rule, Ruleset


def rule_text(chain: str, rule: Rule) -> str:
    """A rule as ``iptables-save`` prints it."""
    return " ".join(["-A", chain, *_saved_header(rule), *_saved_conditions(rule), *_saved_target(rule.target)])


def _saved_header(rule: Rule) -> Iterator[str]:
    """Addresses, interfaces and protocol always come first, in this order."""
    for match in rule.matches:
        if isinstance(match, m.Source):
            yield f"{_negation(match.negated)}-s {_with_length(match.prefix)}"
    for match in rule.matches:
        if isinstance(match, m.Destination):
            yield f"{_negation(match.negated)}-d {_with_length(match.prefix)}"
    for match in rule.matches:
        if isinstance(match, m.InInterface):
            yield f"{_negation(match.negated)}-i {match.name}"
        elif isinstance(match, m.OutInterface):
            yield f"-o {match.name}"
    for match in rule.matches:
        if isinstance(match, m.Protocol):
            yield f"-p {match.protocol}"


def _saved_conditions(rule: Rule) -> Iterator[str]:
    for match in rule.matches:
        match match:
            case m.Protocol(protocol=protocol, loads=True):
                yield f"-m {protocol}{_own_conditions(rule)}"
            case m.DestinationPorts(first=first, last=last, multiport=True):
                yield f"-m multiport --dports {first}:{last}"
            case m.MultiPort(ports=ports):
                yield f"-m multiport --dports {','.join(map(str, ports))}"
            case m.Bridged():
                yield "-m physdev --physdev-is-bridged"
            case m.InIpSet(set=name, of_source=of_source):
                yield f"-m set --match-set {name} {'src' if of_source else 'dst'}"
            case m.Limit(rate=rate, burst=burst):
                yield f"-m limit --limit {rate}" + ("" if burst == _USUAL_BURST else f" --limit-burst {burst}")
            case m.Comment(text=text):
                yield f'-m comment --comment "{_escaped(text)}"'
            case m.Account(name=name):
                # Two blanks: the nfacct extension prints one of its own.
                yield f"-m nfacct --nfacct-name  {name}"
            case m.Statistic():
                yield f"-m statistic --mode random --probability {match.kept:.11f}"
            case m.RecentlySeen(name=name, seconds=seconds):
                yield f"-m recent --rcheck --seconds {seconds} --reap --name {name} --mask 255.255.255.255 --rsource"
            case m.RememberSource(name=name):
                yield f"-m recent --set --name {name} --mask 255.255.255.255 --rsource"
            case m.LocalDestination() | m.LocalSource() | m.ConnectionState() | m.Mark():
                yield _plain(match)
            case _:
                pass


_USUAL_BURST = 5


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _own_conditions(rule: Rule) -> str:
    """What the protocol's own extension matches."""
    for match in rule.matches:
        match match:
            case m.DestinationPort(port=port):
                return f" --dport {port}"
            case m.DestinationPorts(first=first, last=last, multiport=False):
                return f" --dport {first}:{last}"
            case m.IcmpType(type=type_):
                return f" --icmp-type {type_}"
            case _:
                continue
    return ""


def _plain(match: m.Match) -> str:
    """Conditions that both writers put the same way."""
    match match:
        case m.LocalDestination():
            return "-m addrtype --dst-type LOCAL"
        case m.LocalSource():
            return "-m addrtype --src-type LOCAL"
        case m.ConnectionState(states=states, negated=negated):
            return f"-m conntrack {_negation(negated)}--ctstate {','.join(states)}"
        case m.Mark(bits=bits, negated=negated):
            return f"-m mark {_negation(negated)}--mark {bits:#x}/{bits:#x}"
        case _:
            raise ValueError(f"iptables has no condition {match}")


def _saved_target(target: t.Target | None) -> Iterator[str]:
    match target:
        case t.SetMark(bits=bits):
            yield f"-j MARK --set-xmark {bits:#x}/{bits:#x}"
        case t.FlipMark(bits=bits):
            yield f"-j MARK --set-xmark {bits:#x}/0x0"
        case t.WriteMark(bits=bits, mask=mask):
            yield f"-j MARK --set-xmark {bits:#x}/{mask:#x}"
        case t.NfLog(group=group, prefix=prefix):
            yield "-j NFLOG" + (f' --nflog-prefix "{prefix}"' if prefix else "") + f" --nflog-group {group}"
        case t.Reject(answer=answer):
            yield f"-j REJECT --reject-with {answer}"
        case None:
            return
        case _:
            yield _given_target(target)


def given_text(chain: str, rule: Rule) -> str:
    """A rule as kube-proxy writes it for ``iptables-restore``."""
    conditions = [_given_condition(match) for match in rule.matches]
    target = [] if rule.target is None else [_given_target(rule.target)]
    return " ".join(["-A", chain, *conditions, *target])


def _given_condition(match: m.Match) -> str:
    match match:
        case m.Comment(text=text):
            return f'-m comment --comment "{text}"' if " " in text else f"-m comment --comment {text}"
        case m.Protocol(protocol=protocol):
            return f"-m {protocol} -p {protocol}"
        case m.Source(prefix=prefix, negated=negated):
            return f"{_negation(negated)}-s {prefix}"
        case m.Destination(prefix=prefix, negated=negated):
            return f"{_negation(negated)}-d {prefix}"
        case m.DestinationPort(port=port):
            return f"--dport {port}"
        case m.InInterface(name=name, negated=negated):
            return f"{_negation(negated)}-i {name}"
        case m.OutInterface(name=name):
            return f"-o {name}"
        case m.Account(name=name):
            return f"-m nfacct --nfacct-name {name}"
        case m.Statistic(probability=probability):
            return f"-m statistic --mode random --probability {probability:.10f}"
        case m.RecentlySeen(name=name, seconds=seconds):
            return f"-m recent --name {name} --rcheck --seconds {seconds} --reap"
        case m.RememberSource(name=name):
            return f"-m recent --name {name} --set"
        case _:
            return _plain(match)


def _given_target(target: t.Target) -> str:
    match target:
        case t.Jump(chain=chain):
            return f"-j {chain}"
        case t.Accept():
            return "-j ACCEPT"
        case t.Drop():
            return "-j DROP"
        case t.Return():
            return "-j RETURN"
        case t.Reject(answer=answer):
            usual = answer == t.Reject().answer
            return "-j REJECT" if usual else f"-j REJECT --reject-with {answer}"
        case t.SetMark(bits=bits):
            return f"-j MARK --or-mark {bits:#x}"
        case t.FlipMark(bits=bits):
            return f"-j MARK --xor-mark {bits:#x}"
        case t.Dnat(address=address, port=port):
            return f"-j DNAT --to-destination {address}:{port}"
        case t.Masquerade(random_fully=random_fully):
            return "-j MASQUERADE --random-fully" if random_fully else "-j MASQUERADE"
        case _:
            raise ValueError(f"iptables has no target {target}")


def _negation(negated: bool) -> str:
    return "! " if negated else ""


def _with_length(prefix: str) -> str:
    return prefix if "/" in prefix else f"{prefix}/32"


def save(ruleset: Ruleset, table: str | None = None, timestamp: str = "") -> str:
    """All tables as ``iptables-save`` prints them: built-in chains first, then the others by name.

    :param timestamp: as in ``Sun Nov 22 23:23:57 2026``; without it there are no comment lines.
    """
    tables = sorted({name for name, _ in ruleset.chains})
    return "".join(_save_table(ruleset, name, timestamp) for name in tables if table in (None, name))


def _save_table(ruleset: Ruleset, table: str, timestamp: str) -> str:
    builtin = [base.chain for base in ruleset.bases if base.table == table]
    own = sorted(name for of, name in ruleset.chains if of == table and name not in builtin)
    lines = [f"*{table}"]
    lines += [f":{name} ACCEPT [0:0]" for name in builtin] + [f":{name} - [0:0]" for name in own]
    for name in [*builtin, *own]:
        lines += [rule_text(name, rule) for rule in ruleset.chain(table, name).rules]
    lines.append("COMMIT")
    if timestamp:
        lines = [f"# Generated by iptables-save v1.8.11 on {timestamp}", *lines, f"# Completed on {timestamp}"]
    return "\n".join(lines) + "\n"


def restore_text(ruleset: Ruleset, table: str) -> str:
    """A table as kube-proxy writes it for ``iptables-restore``: only its own chains."""
    builtin = {base.chain for base in ruleset.bases if base.table == table}
    names = [name for of, name in ruleset.chains if of == table and name not in builtin]
    lines = [f"*{table}", *(f":{name} - [0:0]" for name in names)]
    for name in names:
        lines += [given_text(name, rule) for rule in ruleset.chain(table, name).rules]
    return "\n".join([*lines, "COMMIT"]) + "\n"
