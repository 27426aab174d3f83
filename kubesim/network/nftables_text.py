"""Rule sets as ``nft list ruleset`` prints them."""

from __future__ import annotations

from collections.abc import Iterator

from kubesim.network.rules import BaseChain, Chain, NamedSet, Ruleset
from kubesim.network.targets import Drop, Goto, Reject, Target

_PRIORITIES = {
    ("prerouting", -100): "dstnat",
    ("prerouting", -110): "dstnat - 10",
    ("postrouting", 100): "srcnat",
    ("input", 0): "filter",
    ("forward", 0): "filter",
    ("output", 0): "filter",
}
"""How nft writes the priorities that have names; the others it prints as numbers."""

_TABLE_COMMENTS = {"ip kube-proxy": "rules for kube-proxy"}


def list_ruleset(ruleset: Ruleset, table: str | None = None) -> str:
    """All tables; kube-proxy's after those of other writers, as they were made.

    :param table: only this one, such as ``ip kube-proxy``.
    """
    tables = sorted(
        {name for name, _ in ruleset.chains}, key=lambda name: (name not in ("ip nat", "ip filter"), -len(name))
    )
    return "".join(
        "\n".join([f"table {name} {{", *_table(ruleset, name), "}"]) + "\n" for name in tables if table in (None, name)
    )


def _table(ruleset: Ruleset, table: str) -> Iterator[str]:
    if table in _TABLE_COMMENTS:
        yield f'\tcomment "{_TABLE_COMMENTS[table]}"'
    blocks: list[list[str]] = []
    sets = [named for (of, _), named in ruleset.sets.items() if of == table]
    blocks += [list(_set(named)) for named in sets]
    bases = {base.chain: base for base in ruleset.bases if base.table == table}
    for (of, name), chain in ruleset.chains.items():
        if of == table:
            blocks.append(list(_chain(chain, bases.get(name))))
    for position, block in enumerate(blocks):
        if position:
            yield ""
        yield from block


def _set(named: NamedSet) -> Iterator[str]:
    yield f"\t{named.kind} {named.name} {{"
    yield f"\t\ttype {named.type}"
    if named.timeout_seconds:
        yield "\t\tsize 65535"
        yield "\t\tflags dynamic,timeout"
        yield f"\t\ttimeout {duration(named.timeout_seconds)}"
    if named.comment:
        yield f'\t\tcomment "{named.comment}"'
    if named.elements:
        lines = [_element(named, key, verdict) for key, verdict in named.elements.items()]
        per_line = 2 if named.type == "ipv4_addr" else 1
        rows = [", ".join(lines[start : start + per_line]) for start in range(0, len(lines), per_line)]
        yield "\t\telements = { " + ",\n\t\t\t     ".join(rows) + " }"
    yield "\t}"


def _element(named: NamedSet, key: tuple[str, ...], verdict: Target | None) -> str:
    label = named.labels.get(key)
    text = " . ".join(key) + (f' comment "{label}"' if label else "")
    return text if verdict is None else f"{text} : {_verdict(verdict)}"


def _verdict(verdict: Target) -> str:
    match verdict:
        case Goto(chain=chain):
            return f"goto {chain}"
        case Drop():
            return "drop"
        case Reject():
            return "reject"
        case _:
            raise ValueError(f"a map cannot hold {verdict}")


def _chain(chain: Chain, base: BaseChain | None) -> Iterator[str]:
    yield f"\tchain {chain.name} {{"
    if chain.comment:
        yield f'\t\tcomment "{chain.comment}"'
    if base is not None:
        kind = "nat" if base.nat else "filter"
        priority = _PRIORITIES.get((base.hook.value, base.priority), str(base.priority))
        yield f"\t\ttype {kind} hook {base.hook.value} priority {priority}; policy accept;"
    for rule in chain.rules:
        yield f"\t\t{rule.text}"
    yield "\t}"


def duration(seconds: int) -> str:
    """Seconds as nft writes them: ``3h``, ``1m30s``."""
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
