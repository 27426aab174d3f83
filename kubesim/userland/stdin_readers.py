"""Which programs read their standard input: a loop's ``read`` keeps what the others leave alone."""

from __future__ import annotations

from collections.abc import Sequence

_ALWAYS = frozenset(
    {"tr", "tee", "xargs", "bash", "sh", "dash", "ash", "nc", "netcat", "ncat", "nc.traditional", "telnet"}
)
_WITHOUT_FILES = frozenset(
    [
        "awk",
        "base64",
        "base32",
        "cat",
        "cksum",
        "column",
        "cut",
        "expand",
        "fold",
        "gawk",
        "grep",
        "egrep",
        "fgrep",
        "head",
        "jq",
        "less",
        "mawk",
        "md5sum",
        "more",
        "nl",
        "od",
        "paste",
        "rev",
        "sed",
        "sha1sum",
        "sha256sum",
        "sha512sum",
        "shuf",
        "sort",
        "tac",
        "tail",
        "uniq",
        "wc",
        "xxd",
        "hexdump",
        "fmt",
        "envsubst",
        "tsort",
        "sum",
    ]
)

STREAMING = frozenset({"cat", "tr", "cut", "grep", "sed", "nl", "base64", "od", "xxd", "rev", "fold", "uniq", "tee"})
"""Programs that write while they read: of an endless input they have written something before it ends."""


def reads_stdin(words: Sequence[str]) -> bool:
    """Whether a command line would read its standard input; when in doubt about files, it does."""
    name = words[0].rsplit("/", 1)[-1]
    if name in _ALWAYS or name in _WITHOUT_FILES:
        return True
    if name in ("busybox", "env", "timeout", "nohup", "time", "nice", "command", "exec"):
        return any(reads_stdin(words[number:]) for number in range(1, len(words)))
    if name == "kubectl":
        return (
            "-" in words
            or "-f-" in words
            or any(word.startswith("-") and "i" in word and len(word) <= 3 for word in words)
        )
    if name in ("curl", "wget"):
        return any(word in ("@-", "-T-", "-d@-") or word.endswith("@-") for word in words) or "-" in words
    if name in ("diff", "cmp", "comm", "join", "patch", "iptables-restore"):
        return "-" in words or name.endswith("restore")
    return False
