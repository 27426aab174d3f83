"""The page of ``kubesim reach --html``: it stands alone, with its pictures inside."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from kubesim.cluster import Cluster
from kubesim.cluster.diagnosis import Diagnosis, Verdict
from kubesim.cluster.diagnosis.pairs import Pairs, Target
from kubesim.cluster.diagnosis.ways import Client

STYLE = """
body { font: 16px/1.5 Helvetica, Arial, sans-serif; color: #1a1a1a }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #d0d0d0 }
td { overflow-wrap: anywhere }
.delivered { border-left: .4rem solid #0b5394 }
.fails { border-left: .4rem solid #b3261e; background: #fdf0ef }
.unknown { border-left: .4rem solid #636363; background: #f5f5f5 }
pre { background: #f5f5f5; padding: .6rem; overflow-x: auto; white-space: pre-wrap }
img { max-width: 100%; height: auto }
"""
CLASSES = {Verdict.DELIVERED: "delivered", Verdict.FAILS: "fails", Verdict.UNKNOWN: "unknown"}
NAMED = 6
"""How many clients that meet the same are named."""
Group = tuple[Target, list[Client], Diagnosis]


def page(cluster: Cluster, pairs: Pairs) -> str:
    """The whole page: what fails first, then a picture and a table for each namespace that has Services."""
    groups = list(pairs.groups())
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Who reaches what</title><style>{STYLE}</style></head><body>",
            "<h1>Who reaches what</h1>",
            f"<p>{len(pairs.clients)} Pods asked for {len(pairs.targets)} ports of Services: {pairs.counted}.</p>",
            *_failures(groups),
            *_namespaces(cluster, pairs, groups),
            "<h2>What the dump says of the cluster</h2>",
            f"<pre>{html.escape(repr(cluster))}</pre>",
            *_list("Not asked", pairs.left_out),
            "</body></html>",
            "",
        ]
    )


def _failures(groups: Sequence[Group]) -> Iterator[str]:
    failing = [group for group in groups if group[2].verdict is Verdict.FAILS]
    if not failing:
        return
    yield "<h2>What fails</h2>"
    for target, clients, first in failing:
        yield f"<h3>{html.escape(target.label)}, asked by {html.escape(_asking(clients))}</h3>"
        yield f"<pre>{html.escape(str(first))}</pre>"


def _namespaces(cluster: Cluster, pairs: Pairs, groups: Sequence[Group]) -> Iterator[str]:
    for namespace in dict.fromkeys(target.name.namespace for target in pairs.targets):
        own = [group for group in groups if group[0].name.namespace == namespace]
        yield f"<h2>Namespace {html.escape(namespace)}</h2>"
        if cluster.store.list("Pod", namespace):
            yield cluster.diagram(namespace).html
        yield "<table><thead><tr><th>Target</th><th>Clients</th><th>Verdict</th><th>Why</th></tr></thead><tbody>"
        for target, clients, first in own:
            everyone = len(clients) == len(pairs.clients) > 1
            asking = f"every Pod ({len(clients)})" if everyone else _asking(clients)
            cells = (target.label, asking, str(first.verdict), first.why)
            row = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
            yield f'<tr class="{CLASSES[first.verdict]}">{row}</tr>'
        yield "</tbody></table>"


def _asking(clients: Sequence[Client]) -> str:
    names = ", ".join(client.name.removeprefix("pod/") for client in clients[:NAMED])
    return names if len(clients) <= NAMED else f"{names} and {len(clients) - NAMED} more"


def _list(title: str, texts: Iterable[str]) -> Iterator[str]:
    items = [f"<li>{html.escape(text)}</li>" for text in texts]
    if items:
        yield f"<h2>{title}</h2><ul>"
        yield from items
        yield "</ul>"
