"""``wget``: GNU's on hosts and busybox' in its images, which differ in almost every word; their command lines."""

from __future__ import annotations

from kubesim.programs.machine import Run
from kubesim.programs.net.busybox_wget import BusyboxWget
from kubesim.programs.net.fetching import Settings
from kubesim.programs.net.gnu_wget import GnuWget
from kubesim.programs.usages import read_options
from kubesim.userland.command_line import Complaint, joined, program, usage
from kubesim.userland.filesystem import FileError
from kubesim.userland.process import Completed

_LETTERS = {
    "O": "output", "T": "timeout", "t": "tries", "U": "user-agent", "P": "directory-prefix", "o": "output-file",
    "e": "execute", "i": "input-file", "Y": "proxy", "w": "wait", "Q": "quota", "A": "accept", "R": "reject",
    "l": "level", "a": "append-output",
}  # fmt: skip
"""The options that take a value, by their letters."""
_FLAGS = {
    "q": "quiet", "S": "server-response", "c": "continue", "N": "timestamping", "v": "verbose", "d": "debug",
    "4": "inet4-only", "6": "inet6-only", "V": "version", "h": "help", "b": "background", "r": "recursive",
    "p": "page-requisites", "k": "convert-links", "x": "force-directories",
}  # fmt: skip
_MORE_VALUES = [
    "header", "post-data", "post-file", "output-document", "user", "password", "waitretry", "max-redirect",
    "method", "body-data", "body-file", "referer", "connect-timeout", "read-timeout", "dns-timeout",
    "ca-certificate", "load-cookies", "save-cookies", "limit-rate",
]  # fmt: skip
_MORE_FLAGS = [
    "no-check-certificate", "spider", "no-verbose", "no-cache", "no-proxy", "content-on-error", "no-clobber",
    "no-directories", "no-hsts", "no-dns-cache", "progress", "show-progress", "retry-connrefused",
]  # fmt: skip
_NOT_SIMULATED = frozenset(
    {"background", "recursive", "page-requisites", "convert-links", "force-directories", "save-cookies", "load-cookies"}
)
_USAGE = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"


def _settings(run: Run) -> Settings:
    """Read the words.

    :raises Complaint: with the words of the ``wget`` that runs.
    """
    joined_letters = {"-nv": "no-verbose", "-nc": "no-clobber", "-nd": "no-directories", "-nH": "no-hsts"}
    words = [f"--{joined_letters[word]}" if word in joined_letters else word for word in run.operands]
    names = [*_LETTERS.values(), *_MORE_VALUES]
    codes = {name: chr(0x100 + number) for number, name in enumerate([*names, *_FLAGS.values(), *_MORE_FLAGS])}
    meaning = {code: name for name, code in codes.items()} | _LETTERS | _FLAGS
    valued = {**_LETTERS, **{codes[name]: name for name in names}}
    run.operands = words
    text = usage("busybox/wget") if run.busybox else _USAGE
    plain = "".join(letter for letter in meaning if letter not in valued)
    read_options(run, plain, "".join(valued), codes, 1 if run.busybox else 2, text)
    settings = Settings(urls=run.operands)
    for letter, given in run.repeated.items():
        name = meaning[letter]
        if name in _NOT_SIMULATED:
            raise Complaint(f"wget: --{name}: this option is not simulated\n", 2)
        if letter not in valued:
            settings.flags.add(name)
        elif name == "header":
            settings.headers += [
                (key.strip(), value.strip()) for key, _, value in (each.partition(":") for each in given)
            ]
        else:
            settings.values["output" if name == "output-document" else name] = given[-1]
    return settings


@program()
def wget(run: Run) -> Completed:
    """Fetch files."""
    settings = _settings(run)
    if "version" in settings.flags and not run.busybox:
        return Completed("GNU Wget 1.25.0 built on linux-gnu.\n")
    if "help" in settings.flags and not run.busybox:
        return Completed(f"GNU Wget 1.25.0, a non-interactive network retriever.\n{_USAGE.partition(chr(10))[0]}\n\n")
    listed = settings.values.get("input-file")
    if listed is not None:
        try:
            settings.urls = [*settings.urls, *run.files.read(run.path(listed)).split()]
        except FileError as problem:
            return Completed("", joined([f"{listed}: {problem.reason}", f"No URLs found in {listed}."]), 0)
    if not settings.urls:
        raise Complaint(usage("busybox/wget") if run.busybox else f"wget: missing URL\n{_USAGE}", 1)
    fetching = BusyboxWget(run, settings) if run.busybox else GnuWget(run, settings)
    status = 0
    for url in settings.urls:
        status = fetching.fetch(url) or status
    if isinstance(fetching, GnuWget):
        fetching.finished()
    return Completed(fetching.out, fetching.error, status, fetching.seconds)
