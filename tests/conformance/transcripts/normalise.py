"""Making two outputs of one command comparable.

What the system chose at random is renamed by order of first appearance: uids, generated suffixes, and those addresses
and node ports that the session itself does not name. Where a Pod landed is hidden but in commands about nodes. What
depends on the clock is dropped (ages, timestamps, resource versions, temporary directories). Everything else is
compared as it stands, blanks and indentation included; the columns of a table may be wider where a renamed value is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tests.conformance.transcripts.layout import by_columns

SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names (apimachinery's ``rand.String``)."""

_DROPPED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>"),
        (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4}( [A-Z]+)?", "<time>"),
        (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "<time>"),
        (r"\b([WIEF])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ ", r"\1<time> "),
        (r"(resourceVersion\\?[\"']?: *)\\?[\"']?\d+\\?[\"']?", r"\1<version>"),
        (r" on \d+\.\d+\.\d+\.\d+:53:", " on <resolver>:"),
        (r"/tmp/([A-Za-z]+)-\d+", r"/tmp/\1-<n>"),
        (r"(pod-template-hash\"?: ?)\"([a-z0-9]+)\"", r"\1\2"),
        (r"\b(sha256:|containerd://)[0-9a-f]{64}", r"\1<digest>"),
        (r"\(x\d+ over [0-9a-z]+\)", "<age>"),
        (r"(?<![\w.:/-])(\d+y)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(?<=\d[ydhms])(?![\w./-])", "<age>"),
        (r"<age>( <age>)+", "<age>"),
        # Where a crash loop stands at this second: between two restarts, or just after one.
        (r"\b(?:CrashLoopBackOff|Error)( \| )\d+ \(<age> ago\)", r"<crashing>\1"),
        # Whether a pull that failed is being tried again at this second.
        (r"\b(?:ErrImagePull|ImagePullBackOff)\b", "<not pulled>"),
        (r"(?m)^(  +Message: +).*(?:pulling image|pull and unpack image) \"([^\"]+)\".*$", r"\1<not pulled> \2"),
        (r"(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", "<certificate>"),
        # Which of two equal nodes a Pod lands on is chance, and so is what a node says of its Pods.
        (r"(?s)(Non-terminated Pods:).*?(?=Allocated resources:)", r"\1 <pods>\n"),
        # As in JSON: written or not as the controller's batches fell.
        (r"(Annotations: +)endpoints\.kubernetes\.io/last-change-trigger-time: +<time>", r"\1<none>"),
        # How often something was tried by this second.
        (r"(\"?\bcount\"?: )\d+", r"\1<count>"),
        (r"(?<=-)29\d{6}\b", "<minute>"),  # what a CronJob's Jobs are named after
        (r"(svclb-\S+?-)[0-9a-f]{8}\b", r"\1<id>"),
        (r"\.[0-9a-f]{16}\b", ".<event>"),
        (r"(default-scheduler)-[\w.-]+", r"\1"),
        (r"(machineID\"?: \"?)[0-9a-f]{32}", r"\1<id>"),
    )
)

_HASH = rf"[{SAFE}]{{6,10}}"
"""A Pod template's hash."""

_RENAMED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("uid", r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
        ("address", r"(?<![\d.])10\.4[23](?:\.\d{1,3}){2}(?![\d.]*\d)"),
        ("port", r"(?<![\w.-])3[0-2]\d{3}(?![\w.-])"),
        (
            "hash",
            rf"(?<=controller-revision-hash: ){_HASH}\b|(?<=controller-revision-hash=){_HASH}\b"
            rf"|(?<=controller.kubernetes.io/hash: ){_HASH}\b|"
            rf"(?<=pod-template-hash: ){_HASH}|(?<=pod-template-hash\": ){_HASH}|(?<=pod-template-hash[=:]){_HASH}"
            rf"|(?<=-){_HASH}(?=-[{SAFE}]{{5}}\b|-[\"'\s])",
        ),
        ("hash", rf"(?<=-){_HASH}(?![-\w])"),
        ("suffix", rf"(?<=-)[{SAFE}]{{5}}(?![\w])"),
    )
)


_GENERATED = re.compile(rf"-(?:[{SAFE}]{{6,10}}(?:-[{SAFE}]{{5}})?|[{SAFE}]{{5}})(?![-\w])")
"""What a generator put at the end of a name."""


def in_stable_order(text: str) -> str:
    """Rows with generated names that follow each other, in an order that does not depend on what was generated."""
    ordered: list[str] = []
    run: list[str] = []
    for line in [*text.split("\n"), ""]:
        generated = any(_GENERATED.search(word) for word in line.split()[:2]) and line[:1] not in (" ", "-", "{")
        if generated and not line.startswith("Name:"):
            run.append(line)
            continue
        ordered += sorted(run, key=_row)
        run = []
        ordered.append(line)
    return "\n".join(ordered[:-1])


def _row(line: str) -> str:
    """A row without what is random in it."""
    for name, pattern in _RENAMED:
        line = pattern.sub(f"<{name}>", line)
    return re.sub(r"\s+", " ", line)


_MANAGERS = re.compile(r'"managedFields":\[\](?:interface \{\})?\{|"managedFields":\[')
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]|[^"\[\]{},]+')


def managers_in_one_order(text: str) -> str:
    """Lists of managers that are printed on one line, by name: upstream sorts them by the second of each write."""
    done: list[str] = []
    place = 0
    for match in _MANAGERS.finditer(text):
        if match.start() < place:
            continue
        entries, entry, depth, at = list[str](), "", 0, match.end()
        while at < len(text) and (piece := _PIECE.match(text, at)) is not None:
            token, at = piece[0], piece.end()
            if token in ("]", "}") and depth == 0:
                done += [text[place : match.end()], ",".join(sorted(map(str.strip, [*entries, entry])))]
                place = piece.start()
                break
            depth += (token in ("[", "{")) - (token in ("]", "}"))
            if token == "," and depth == 0:
                entries, entry = [*entries, entry], ""
            else:
                entry += token
    return "".join([*done, text[place:]])


_PORTS = re.compile(r"(?<![\w.,-])\d+(?:,\d+)+(?![\w.,-])")
"""The ports of a slice in one cell: in what order is chance."""
_OF_SLICES = re.compile(r"\bendpointslices?\b|get all")
_OF_NODES = re.compile(r"(?<![\w.-])(nodes?|no)(?![\w.-])")
_NODE = re.compile(r"(?<![\w.-])(?:master|worker)(?![\w.-])")
_NODE_ADDRESS = re.compile(r"(?<![\d.])172\.31\.0\.1[01](?![\d.]*\d)")
"""The address of the node that a Pod landed on."""
_LISTED = re.compile(r"\d+(?:\.\d+){3}(?::\d+)?(?:,\d+(?:\.\d+){3}(?::\d+)?)+")
_DRAWN = re.compile(r"10\.4[23](?:\.\d+){2}|172\.31\.0\.1[01](?!\d)")
"""Addresses of Pods: their own, or their node's."""
_LISTED_LABELS = re.compile(r"\bkubectl (label|annotate)\b.*--list")
"""Prints a Go map, in no order."""
_PATTERNS = dict(_RENAMED)
KNOWN = frozenset(("10.43.0.1", "10.43.0.10"))
"""Cluster addresses that are always the same: the API's and the DNS server's."""


def named_in(texts: Iterable[str]) -> frozenset[str]:
    """The addresses and node ports that texts name: of a session's files and commands, those that nobody drew."""
    return KNOWN.union(*(_PATTERNS[name].findall(text) for text in texts for name in ("address", "port")))


_ENDPOINTS = re.compile(r"(?m)(?:^  - Addresses:.*\n(?:^    .*\n?)+)+")
"""The endpoints of a described slice, one after another."""


def _blocks_in_order(text: str) -> str:
    """The endpoints of each described slice in an order that does not depend on chance."""
    return _ENDPOINTS.sub(_sorted_blocks, text)


def _sorted_blocks(match: re.Match[str]) -> str:
    blocks = re.split(r"(?m)^(?=  - Addresses:)", match.group(0))[1:]
    return "".join(sorted((block.rstrip("\n") + "\n" for block in blocks), key=_row))


def _unordered(match: re.Match[str]) -> str:
    return ",".join(sorted(match.group(0).split(",")))


def _hidden(endpoints: str, named: frozenset[str], *, in_order: bool) -> str:
    """Addresses in one cell: which of several Pods has which is chance; so is, in a slice, their order."""
    shown = _DRAWN.sub(lambda match: match[0] if match[0] in named else "<endpoint>", endpoints).split(",")
    return ",".join(shown if in_order else sorted(shown))


def normalise(text: str, command: str = "", named: frozenset[str] = KNOWN, *, ordered: bool = False) -> str:
    """One output, made comparable.

    :param command: what printed it.
    :param named: the addresses and node ports that are compared as they are.
    :param ordered: whether its rows came one after another: their order means something, their columns grow.
    """
    if _LISTED_LABELS.search(command):
        text = "\n".join(sorted(text.splitlines()))
    if ordered:
        text = re.sub(r"(?<=\S) {2,}", " | ", text)
    else:
        text = by_columns(_blocks_in_order(in_stable_order(text)))
    for pattern, replacement in _DROPPED:
        text = pattern.sub(replacement, text)
    text = managers_in_one_order(text)
    of_slices = _OF_SLICES.search(command) is not None
    if of_slices:
        text = _PORTS.sub(_unordered, text)
    if not _OF_NODES.search(command):
        text = _LISTED.sub(lambda match: _hidden(match.group(0), named, in_order=not of_slices), text)
    if not _OF_NODES.search(command):
        text = _NODE_ADDRESS.sub("<node-address>", _NODE.sub("<node>", text))
    seen: dict[str, dict[str, str]] = {}
    for name, pattern in _RENAMED:
        text = pattern.sub(_renamer(name, seen.setdefault(name, {}), named), text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def _renamer(name: str, seen: dict[str, str], named: frozenset[str]) -> Callable[[re.Match[str]], str]:
    def rename(match: re.Match[str]) -> str:
        found = match.group(0).strip()
        return found if found in named else seen.setdefault(found, f"<{name}-{len(seen) + 1}>")

    return rename
