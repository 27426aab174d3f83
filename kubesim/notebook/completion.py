"""Tab and Shift+Tab in the course's cells.

In ``%%terminal`` cells and on ``%kubectl`` lines, Tab offers what a terminal offers, and none of Python's words;
Shift+Tab shows what the command at the cursor, or the magic, is for. In Python cells, Tab completes the machines that
``cluster.connect`` and its kin take, and the names of exercises. Upstream: IPython's matcher API
(``IPython.core.completer``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, completion_matcher

from kubesim.cluster import Cluster
from kubesim.notebook.magics import CourseMagics
from kubesim.terminal.completion import Candidate, Completions, complete
from kubesim.terminal.explaining import explain

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_IDENTIFIER = "kubesim"
_CELL = re.compile(r"%%terminal[ \t]*([^\n]*)\n", re.ASCII)
_HOST = re.compile(r"%%terminal[ \t]+(\S*)$")
_MAGIC = re.compile(r"(?:[^\n]*\n)*[ \t]*(%%?\w+)[^\n]*$")
_LINE = re.compile(r"[ \t]*%kubectl[ \t]([^\n]*)$")
_MACHINE = re.compile(r"\.(?:connect|resolve|diagnose|machine)\(\s*['\"]([^'\"\n]*)$")
_ON = re.compile(r"\bon=['\"]([^'\"\n]*)$")
_EXERCISE = re.compile(r"\bexercise\(\s*['\"]([^'\"\n]*)$")
_INSPECT = ("do_inspect", "inspect")
"""What Jupyter asks of a kernel at Shift+Tab: of ipykernel, and of the kernel in a browser."""
_CASE = re.compile(r"\bcase\(\s*['\"]([^'\"\n]*)$")


def teach(shell: InteractiveShell, magics: CourseMagics) -> None:
    """Let a shell complete and explain the course's cells; taught again, it follows the new magics."""
    completer = shell.Completer
    if completer is not None:
        others = [each for each in completer.custom_matchers if getattr(each, "matcher_identifier", "") != _IDENTIFIER]
        completer.custom_matchers = [_Matcher(shell, magics).match, *others]
    kernel = getattr(shell, "kernel", None)
    asked = next((name for name in _INSPECT if hasattr(kernel, name)), None)
    if asked is not None:
        usual = getattr(kernel, asked)
        setattr(kernel, asked, _Inspector(magics, usual.usual if isinstance(usual, _Inspector) else usual))


class _Matcher:
    """IPython's matcher for the course's cells."""

    def __init__(self, shell: InteractiveShell, magics: CourseMagics) -> None:
        self._shell = shell
        self._magics = magics

    @completion_matcher(identifier=_IDENTIFIER, priority=1000.0, api_version=2)
    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """What IPython asks at every Tab."""
        text = _up_to_the_cursor(context)
        found = self._in_a_terminal(text)
        if found is not None:
            # IPython lets others answer where nothing is offered; what was typed, offered alone, changes nothing.
            offered = found.candidates or [Candidate(found.begun, "")]
            return _result(found.begun, offered, alone=True)
        return self._in_python(text)

    def _in_a_terminal(self, text: str) -> Completions | None:
        """What to offer in a terminal cell; None elsewhere."""
        host, cell, line = _HOST.match(text), _CELL.match(text), _LINE.match(text.rpartition("\n")[2])
        if host is not None:
            return _beginning(host[1], (Candidate(name, "machine") for name in self._magics.hosts()))
        if cell is None and line is None:
            return None
        desk = self._magics.desk(cell[1].strip() if cell is not None else "")
        if desk is None:
            return Completions("")
        typed = text[cell.end() :] if cell is not None else f"kubectl {line[1] if line is not None else ''}"
        return complete(desk, typed)

    def _in_python(self, text: str) -> SimpleMatcherResult:
        """Names of exercises and machines within quotes."""
        for pattern, kind, names in (
            (_EXERCISE, "exercise", _exercises),
            (_CASE, "case", _cases),
            (_MACHINE, "machine", self._machines),
            (_ON, "machine", self._magics.hosts),
        ):
            match = pattern.search(text)
            if match is not None:
                found = _beginning(match[1], (Candidate(name, kind) for name in names()))
                return _result(found.begun, found.candidates, alone=True)
        return {"completions": []}

    def _machines(self) -> Iterable[str]:
        cluster = self._shell.user_ns.get("cluster")
        if not isinstance(cluster, Cluster):
            return []
        names = [host.name for host in cluster.network.topology.hosts if "internet/" not in host.name]
        return [name.replace("pod/default/", "pod/") for name in names]


def _exercises() -> Iterable[str]:
    from kubesim.exercises.files import names  # only when an exercise is begun

    return names()


def _cases() -> Iterable[str]:
    from kubesim.exercises.files import CLINIC, names  # only when a case is opened

    return names(CLINIC)


def _up_to_the_cursor(context: CompletionContext) -> str:
    lines = context.full_text.split("\n")
    before = [*lines[: context.cursor_line], lines[context.cursor_line][: context.cursor_position]]
    return "\n".join(before)


def _beginning(begun: str, known: Iterable[Candidate]) -> Completions:
    return Completions(begun, sorted(each for each in known if each.text.startswith(begun)))


def _result(begun: str, offered: Iterable[Candidate], *, alone: bool) -> SimpleMatcherResult:
    return {
        "completions": [SimpleCompletion(text=each.text, type=each.kind) for each in offered],
        "matched_fragment": begun,
        "suppress": alone,
        "ordered": True,
    }


class _Inspector:
    """What a kernel answers at Shift+Tab; it knows the commands of terminal cells."""

    def __init__(self, magics: CourseMagics, usual: Callable[..., Any]) -> None:
        self._magics = magics
        self.usual = usual

    def __call__(self, code: str, cursor_pos: int, *arguments: Any, **options: Any) -> Any:
        """The help of the command or the magic at the cursor, or what the kernel says."""
        text = code[:cursor_pos] + re.split(r"[\s|;&)]", code[cursor_pos:], maxsplit=1)[0]
        cell, line, magic = _CELL.match(text), _LINE.match(text.rpartition("\n")[2]), _MAGIC.match(text)
        if cell is not None:
            shown = explain(self._magics.desk(cell[1].strip()), text[cell.end() :])
        elif line is not None:
            shown = explain(self._magics.desk(""), f"kubectl {line[1]}")
        elif magic is not None:
            shown = self._magics.help_of(magic[1])
        else:
            shown = ""
        if not shown and cell is None and line is None:
            return self.usual(code, cursor_pos, *arguments, **options)
        data = {"text/plain": shown} if shown else {}
        return {"status": "ok", "found": bool(shown), "data": data, "metadata": {}}
