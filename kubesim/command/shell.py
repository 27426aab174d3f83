"""``kubesim shell``: a terminal of a simulated cluster, for a person.

Lines are edited, remembered and completed by prompt_toolkit. Ctrl-C gives a line up, or stops a command; Ctrl-D leaves
the shell that was entered last, and at last the terminal. Nothing is written but what is asked for (``--save``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from kubesim.command.run import cluster_of, play, seat
from kubesim.terminal import Terminal
from kubesim.terminal.completion import Desk, complete

GREETING = "A simulated cluster: nothing you type reaches your own machine. Tab completes, Ctrl-D leaves.\n"
GOES_ON = "> "
"""The prompt where a line goes on."""


def run(given: argparse.Namespace, _extra: list[str]) -> int:
    """Let a person type until they leave.

    :returns: the status of the last line.
    :raises ValueError: if the cluster file or the journal cannot be read.
    :raises LookupError: if there is no such host.
    """
    if not sys.stdin.isatty():  # nobody types: what comes is a script, as for any shell
        return play(given, sys.stdin.read())
    terminal = seat(cluster_of(given), given.on, live=True)
    session = session_at(terminal)
    print(GREETING)
    status = talk(terminal, session)
    if given.save is not None:
        terminal.cluster.save(given.save)
    return status


def session_at(terminal: Terminal) -> PromptSession[str]:
    """A person's keyboard: lines are edited, remembered and completed."""
    return PromptSession(history=InMemoryHistory(), completer=TerminalCompleter(terminal), complete_while_typing=False)


def talk(
    terminal: Terminal,
    session: PromptSession[str],
    instead: Callable[[str], bool] = lambda line: False,
    after: Callable[[], None] = lambda: None,
) -> int:
    """Read lines and carry them out, until the terminal is left.

    :param instead: what may take a line for itself, before the terminal sees it: whether it did.
    :param after: what is done after each line.
    :returns: the status of the last line.
    """
    status = 0
    while not terminal.left:
        try:
            line = read(terminal, session)
        except KeyboardInterrupt:
            continue
        except EOFError:
            print("exit")
            line = "exit"
        if instead(line):
            continue
        terminal.show_on(Screen())
        try:
            done, _ = terminal.type_line(line)
            status = done.returncode
        except KeyboardInterrupt:
            print("^C")
            status = 130
        after()
    return status


def read(terminal: Terminal, session: PromptSession[str]) -> str:
    """One line, or several that belong together.

    :raises EOFError: at Ctrl-D.
    :raises KeyboardInterrupt: at Ctrl-C.
    """
    text = session.prompt(terminal.prompt)
    while terminal.wants_more(text):
        text += "\n" + session.prompt(GOES_ON)
    return text


class Screen(list[str]):
    """What a terminal shows its output on: it is there as soon as it is written."""

    def append(self, text: str) -> None:
        """Show some text."""
        sys.stdout.write(text)
        sys.stdout.flush()


class TerminalCompleter(Completer):
    """Tab, asked by prompt_toolkit."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may stand at the cursor."""
        return self._completions(document.text_before_cursor)

    def _completions(self, text: str) -> Iterator[Completion]:
        found = complete(Desk.of(self._terminal), text)
        for each in found.candidates:
            yield Completion(each.text, start_position=-len(found.begun), display_meta=each.kind)
