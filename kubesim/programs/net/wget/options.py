"""``wget``'s command line."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubesim.programs.machine import Invocation
from kubesim.userland.files_text import Complaint

_VALUES = {"O": "output", "T": "timeout", "t": "tries", "U": "user-agent", "P": "directory-prefix", "o": "output-file"}


_LONG_VALUES = (
    "header",
    "post-data",
    "timeout",
    "tries",
    "output-document",
    "user-agent",
    "user",
    "password",
    "waitretry",
    "post-file",
)


_FLAGS = (
    "no-check-certificate",
    "spider",
    "quiet",
    "server-response",
    "no-verbose",
    "no-cache",
    "no-proxy",
    "content-on-error",
)


@dataclass(slots=True)
class Settings:
    """What the command line asked for."""

    values: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    headers: list[tuple[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


def parse_arguments(invocation: Invocation, busybox: bool) -> Settings:
    """Read the command line.

    :raises Complaint: with the words of the ``wget`` that runs.
    """
    settings = Settings()
    words = list(invocation.argv[1:])
    usage = "BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.\n\n"
    usage += "Usage: wget [-cqS] [--spider] [-O FILE] URL...\n"
    gnu_usage = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name in _LONG_VALUES:
                value = value if equals else (words.pop(0) if words else "")
                if name == "header":
                    key, _, text = value.partition(":")
                    settings.headers.append((key.strip(), text.strip()))
                else:
                    settings.values[{"output-document": "output"}.get(name, name)] = value
            elif name in _FLAGS:
                settings.flags.add(name)
            else:
                raise Complaint(
                    f"wget: unrecognized option '{word}'\n" + (usage if busybox else gnu_usage), 1 if busybox else 2
                )
        elif word.startswith("-") and word != "-":
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in _VALUES:
                    settings.values[_VALUES[letter]] = letters or (words.pop(0) if words else "")
                    letters = ""
                elif word == "-nv":
                    settings.flags.add("no-verbose")
                    letters = ""
                else:
                    settings.flags.add({"q": "quiet", "S": "server-response"}.get(letter, letter))
        else:
            settings.urls.append(word)
    if not settings.urls:
        raise Complaint(usage if busybox else f"wget: missing URL\n{gnu_usage}", 1)
    return settings
