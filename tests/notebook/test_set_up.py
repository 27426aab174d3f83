"""A notebook before its set-up cell, after it, and when the set-up cell is run again."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config.loader import PyFileConfigLoader

from kubesim import Cluster
from kubesim.data_directory import DATA
from kubesim.notebook import exercise, start
from kubesim.notebook.magics import NOT_SET_UP

SET_UP = "%load_ext kubesim\nfrom kubesim.notebook import exercise"


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A shell in a new kernel of the course's environment."""
    config = PyFileConfigLoader("ipython_config.py", str(DATA / "ipython")).load_config()
    shell = InteractiveShell()
    for extension in config.InteractiveShellApp.extensions:
        shell.extension_manager.load_extension(extension)
    yield shell


@pytest.mark.parametrize(
    "cell",
    [
        "%%terminal\nkubectl get pods",
        "%%terminal lab\nkubectl get pods",
        "%kubectl get pods",
        "cluster",
        "path = cluster.connect('laptop', 'http://x')\npath",
        "terminal.prepare('ls')",
        'lab = exercise("00-no-answer")\nlab',
        "lab.check()",
    ],
)
def test_a_cell_before_the_set_up_says_in_one_line_what_to_do(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    assert not shell.run_cell(cell).success  # so that Run All stops there
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1 and captured.err.endswith(f"{NOT_SET_UP}\n")


@pytest.mark.parametrize("cell", [SET_UP, "%reload_ext kubesim"])
def test_the_set_up_cell_starts_afresh_each_time_and_says_nothing(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    for _ in range(3):
        assert shell.run_cell(cell).success
        assert "web" not in shell.user_ns["cluster"].table("pods")["NAME"].tolist()
        shell.run_cell("%%terminal\nkubectl run web --image nginx\nX=1")
        shell.run_cell("%%terminal\necho [$X]")
        captured = capsys.readouterr()
        assert captured.out == "pod/web created\n[1]\n" and captured.err == ""


def test_after_the_set_up_a_missing_name_is_an_ordinary_mistake(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(SET_UP)
    shell.run_cell("nowhere")
    shown = "".join(capsys.readouterr())
    assert "NameError" in shown and NOT_SET_UP not in shown


def test_the_magics_act_on_what_the_variable_holds(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shell.run_cell(SET_UP)
    shell.run_cell("%%terminal\nX=old\nkubectl run web --image nginx")
    shell.user_ns["cluster"].save(tmp_path / "journal")
    shell.run_cell("%%terminal\nX=new\nkubectl delete pod web --now")
    capsys.readouterr()
    shell.user_ns["cluster"] = Cluster.restore(tmp_path / "journal")
    shell.run_cell("%%terminal\necho $X; kubectl get pod -o name")
    assert capsys.readouterr().out == "old\npod/web\n"
    shell.user_ns["cluster"] = shell.user_ns["cluster"].at(1)
    shell.run_cell("%kubectl get pod -o name")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("name", "shown"), [("lab", "service/greeter\n"), ("other", "service/kubernetes\n")])
def test_what_has_a_terminal_of_its_own_keeps_it(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], name: str, shown: str
) -> None:
    shell.run_cell(SET_UP)
    shell.push({"lab": exercise("00-no-answer"), "other": start()})
    shell.run_cell(f"%%terminal {name}\nkubectl get svc -o name | head -1")
    assert capsys.readouterr().out == shown


def test_a_new_kernel_loads_neither_pandas_nor_widgets() -> None:
    code = (
        "import sys; import kubesim.notebook.set_up; print([m for m in ('pandas', 'ipywidgets') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
