"""Tab and Shift+Tab in a notebook's cells, asked as Jupyter asks."""

from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from kubesim.notebook import exercise
from kubesim.notebook.completion import teach
from kubesim.notebook.magics import CourseMagics
from kubesim.notebook.set_up import load_ipython_extension


class Kernel:
    """As much of an ipykernel as is asked."""

    def do_inspect(self, code: str, cursor_pos: int, detail_level: int = 0) -> dict[str, Any]:
        return {"status": "ok", "found": True, "data": {"text/plain": "Python's"}, "metadata": {}}


class BrowserKernel:
    """As much of JupyterLite's kernel as is asked."""

    def inspect(self, code: str, cursor_pos: int, detail_level: int) -> dict[str, Any]:
        return {"status": "ok", "found": False, "data": {}, "metadata": {}}


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    shell = InteractiveShell()
    load_ipython_extension(shell)
    shell.run_cell("%load_ext kubesim")
    shell.run_cell("%load_ext kubesim")  # taught twice, it offers each word once
    shell.run_cell("%%terminal\nkubectl run web --image nginx")
    shell.push({"lab": exercise("00-no-answer")})
    return shell


def tab(shell: InteractiveShell, code: str) -> list[str]:
    """What a notebook shows at Tab: the text before the cursor with each offer in its place."""
    with provisionalcompleter():
        found = list(shell.Completer.completions(code, len(code)))
    return [code[each.start :] + "→" + each.text for each in found]


@pytest.mark.parametrize(
    ("code", "offered"),
    [
        ("%%terminal\nkubectl ge", ["ge→get"]),
        ("%%terminal\nls\nkubectl get pod we", ["we→web"]),
        ("%%terminal laptop\ncat /etc/hostn", ["/etc/hostn→/etc/hostname"]),
        ("%%terminal lab\nkubectl get svc gr", ["gr→greeter"]),
        ("%%terminal w", ["w→worker"]),
        ("%%terminal la", ["la→lab", "la→laptop"]),
        ("%kubectl get svc kube", ["kube→kubernetes"]),
        ("x = 1\n%kubectl get svc kube", ["kube→kubernetes"]),
        ("%%terminal\nnothing-begins-so", ["nothing-begins-so→nothing-begins-so"]),
        ("%%terminal\nkubectl ge --%", ["--%→--%"]),
        ("%%terminal moon\nls", ["→"]),
        ('lab = exercise("00', ["00→00-no-answer", "00→00-one-letter"]),
        ('cluster.connect("lap', ["lap→laptop"]),
        ('cluster.resolve("pod/w', ["pod/w→pod/web"]),
        ('Terminal(cluster, on="wor', ["wor→worker"]),
    ],
)
def test_a_course_s_cell_offers_its_own_words_and_no_others(
    shell: InteractiveShell, code: str, offered: list[str]
) -> None:
    assert tab(shell, code) == offered


@pytest.mark.parametrize(("code", "offered"), [("cluster.conn", "conn→connect"), ("%load_e", "%load_e→%load_ext")])
def test_python_s_cells_offer_what_they_always_did(shell: InteractiveShell, code: str, offered: str) -> None:
    assert offered in tab(shell, code)


def test_before_the_set_up_a_terminal_cell_offers_nothing() -> None:
    shell = InteractiveShell()
    load_ipython_extension(shell)
    assert tab(shell, "%%terminal\nkubectl ge") == ["→"]


@pytest.mark.parametrize(
    ("code", "word", "shown"),
    [
        ("%%terminal\nkubectl get pods", "get", "Display one or many resources"),
        ("%%terminal\nkubectl rollout undo deploy/x", "undo", "Undo a previous rollout"),
        ("%%terminal\nls | kubectl apply -f -", "apply", "Apply a configuration to a resource"),
        ("%kubectl scale deploy x", "scale", "Set a new size"),
        ("%%terminal\ncurl -s web", "curl", "28 no answer in time"),
        ("%%terminal\nkubectl get pods | grep web", "grep", "Print the lines that match"),
        ("%%terminal\nif sudo ip route; then", "route", "which one a packet takes"),
        ("%%terminal worker\niptables-save -t nat", "nat", "as commands"),
        ("%%terminal\necho $(dig web)", "dig", "names are not completed"),
        ("%%terminal\nss -ltn", "ss", "--listening"),
        ("%%terminal\nls", "ls", "List directories."),
        ("%%terminal\nexport A=1", "export", "a builtin of the shell"),
        ("%%terminal\nkubectl exec web -- curl -s other", "other", "Ask a web server"),
        ("%%terminal\nkubectl exec web -- curl -s other", "exec", "Execute a command in a container"),
        ("%%terminal laptop\nkubectl get pods", "terminal", "chooses the machine"),
        ("%%predict What?", "predict", "Ask the question"),
        ("x = 1\n%kubectl", "kubectl", "comes back as a DataFrame"),
        ("%%time\nprint(1)", "time", "Python's"),
        ("print(1)", "print", "Python's"),
    ],
)
def test_shift_tab_shows_the_help_of_the_command(shell: InteractiveShell, code: str, word: str, shown: str) -> None:
    kernel = Kernel()
    shell.kernel = kernel
    try:
        teach(shell, shell.magics_manager.registry["CourseMagics"])
        reply = kernel.do_inspect(code, code.index(word) + 1, detail_level=0)
    finally:
        del shell.kernel
    assert reply["found"] and shown in reply["data"]["text/plain"]


def test_what_was_taught_before_the_set_up_follows_the_cluster_of_the_set_up(shell: InteractiveShell) -> None:
    """The course's environment teaches a kernel when it starts, a browser's kernel too."""
    for kernel, name in ((Kernel(), "do_inspect"), (BrowserKernel(), "inspect")):
        shell.kernel = kernel
        try:
            teach(shell, CourseMagics(shell))
            teach(shell, shell.magics_manager.registry["CourseMagics"])
            reply = getattr(kernel, name)("%%terminal\ncurl", 14, 0)
        finally:
            del shell.kernel
        assert reply["found"] and "curl" in reply["data"]["text/plain"]


def test_where_there_is_no_help_none_is_shown(shell: InteractiveShell) -> None:
    kernel = Kernel()
    shell.kernel = kernel
    try:
        teach(shell, shell.magics_manager.registry["CourseMagics"])
        assert kernel.do_inspect("%%terminal\nnosuch", 12)["found"] is False
    finally:
        del shell.kernel
