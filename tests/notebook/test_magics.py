"""The magics of a notebook, in an IPython shell of their own."""

from collections.abc import Iterator

import pandas
import pytest
from IPython.core.interactiveshell import InteractiveShell

from kubesim import load_ipython_extension
from kubesim.notebook import exercise


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell()
    load_ipython_extension(shell)
    yield shell


def typed(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], host: str, cell: str) -> str:
    shell.run_cell_magic("terminal", host, cell)
    return capsys.readouterr().out


def test_a_cell_is_typed_into_the_terminal(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(shell, capsys, "", "kubectl run mynginx --image nginx\n") == "pod/mynginx created\n"
    assert "10.42.2.42" in typed(shell, capsys, "", "kubectl get pod -o wide")


def test_variables_stay_between_cells(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    typed(shell, capsys, "", "NAME=value")
    assert typed(shell, capsys, "", "echo $NAME") == "value\n"
    assert typed(shell, capsys, "laptop", "echo [$NAME] on $(hostname)") == "[] on laptop\n"


def test_errors_stand_where_they_happened(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shown = typed(shell, capsys, "", "echo before\nkubectl get pod nobody\necho after $?")
    assert shown.splitlines() == ["before", 'Error from server (NotFound): pods "nobody" not found', "after 1"]


def test_an_unknown_host_is_a_sentence(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell_magic("terminal", "moon", "ls")
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("%%terminal: ") and "moon" in captured.err


def test_an_exercise_has_a_terminal_of_its_own(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.push({"lab": exercise("00-no-answer")})
    assert "greeter" in typed(shell, capsys, "lab", "kubectl get svc")
    assert "greeter" not in typed(shell, capsys, "", "kubectl get svc")


def test_a_get_is_a_frame(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    table = shell.run_line_magic("kubectl", "get svc -A")
    assert isinstance(table, pandas.DataFrame)
    assert table["NAME"].tolist() == ["kubernetes", "kube-dns"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("get pod nobody", 'Error from server (NotFound): pods "nobody" not found\n'),
        ("get svc kubernetes -o jsonpath={.spec.clusterIP}", "10.43.0.1"),
        ("gett svc", 'error: unknown command "gett" for "kubectl"'),
    ],
)
def test_other_answers_are_text(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    assert shell.run_line_magic("kubectl", line) is None
    assert capsys.readouterr().out.startswith(said)


def test_kubectl_edit_opens_a_cell_that_sends_the_manifest_back(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    cells: list[str] = []
    shell.set_next_input = lambda text, replace=False: cells.append(text)
    assert "There is no editor here: the manifest is in /tmp/kubectl-edit-" in typed(
        shell, capsys, "worker", "kubectl create configmap words --from-literal a=b; kubectl edit configmap words"
    )
    (cell,) = cells
    assert cell.startswith("%%terminal worker\ncat > /tmp/kubectl-edit-") and "\n  a: b\n" in cell
    _, _, lines = cell.partition("\n")
    shown = typed(shell, capsys, "worker", lines.replace("a: b", "a: changed"))
    assert shown == "configmap/words replaced\n"
    assert typed(shell, capsys, "", "kubectl get configmap words -o jsonpath={.data.a}") == "changed"
