"""A notebook before and after its set-up cell, ``%load_ext kubesim``.

The course's environment loads *this* module as an extension of IPython when a kernel starts (``data/ipython``): the
magics are there from the beginning, and whatever cell is run before the set-up says in one line what to do. The set-up
cell starts a fresh cluster each time it is run, with no message: IPython forgets that it has loaded ``kubesim``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from kubesim.notebook.completion import teach
from kubesim.notebook.magics import NOT_SET_UP, CourseMagics
from kubesim.notebook.session import start

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

EXTENSION = "kubesim"
WIDE = ("display.width", 180, "display.max_columns", 20, "display.max_colwidth", 160)
"""Options of pandas with which the course's tables fit on a page."""


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Prepare a new kernel; IPython calls this, as its configuration in the course's environment says."""
    _register(shell, CourseMagics(shell))
    shell.set_custom_exc((NameError,), _explain)


def set_up(shell: InteractiveShell) -> None:
    """Start the page's cluster: what ``%load_ext kubesim`` does."""
    session = start()
    _register(shell, CourseMagics(shell, session))
    shell.push({"cluster": session.cluster, "terminal": session.terminal})
    shell.set_custom_exc((), None)
    for home in ("pandas", "pandas.core.frame"):  # the second before pandas 3
        for mime, show in (("text/plain", _plain), ("text/html", _html)):
            shell.display_formatter.formatters[mime].for_type_by_name(home, "DataFrame", show)

    def forget() -> None:
        shell.extension_manager.loaded.discard(EXTENSION)
        shell.events.unregister("post_execute", forget)

    shell.events.register("post_execute", forget)


def _register(shell: InteractiveShell, magics: CourseMagics) -> None:
    shell.register_magics(magics)
    teach(shell, magics)


def _explain(shell: InteractiveShell, kind: type[BaseException], error: BaseException, *_: Any, **__: Any) -> None:
    """Say what to do instead of showing where a name was missing."""
    print(f"{error}. {NOT_SET_UP}", file=sys.stderr)


def _plain(frame: Any, printer: Any, cycle: bool) -> None:
    _widen()
    printer.text(repr(frame))


def _html(frame: Any) -> str | None:
    _widen()
    text: str | None = frame._repr_html_()
    return text


def _widen() -> None:
    """Set pandas' options; it is loaded by now, since one of its tables is to be shown."""
    import pandas

    pandas.set_option(*WIDE)
