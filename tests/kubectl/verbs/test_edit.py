"""``kubectl edit``: the objects are left in a file."""

import pytest

from kubesim import Cluster, Terminal


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    terminal = Terminal(Cluster())
    terminal.run("kubectl create configmap one --from-literal a=b; kubectl create configmap two --from-literal c=d")
    return terminal


def test_the_file_can_be_changed_and_sent_back(terminal: Terminal) -> None:
    done = terminal.run("kubectl edit configmap/one configmap/two")
    assert done.returncode == 0 and done.stderr == ""
    path = done.stdout.split()[-1]
    sent = terminal.run(f"sed -i 's/a: b/a: x/; s/c: d/c: z/' {path}; kubectl replace -f {path}")
    assert sent.stdout == "configmap/one replaced\nconfigmap/two replaced\n", sent.stderr
    assert terminal.run("kubectl get cm one two -o jsonpath='{.items[*].data}'").stdout == '{"a":"x"} {"c":"z"}'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kubectl edit", "error: must specify --filename/-f or a resource to edit\n"),
        ("kubectl edit configmap nobody", 'Error from server (NotFound): configmaps "nobody" not found\n'),
        ("kubectl edit configmap", "error: resource(s) were provided, but no name was specified\n"),
        ("kubectl edit nothing x", 'error: the server doesn\'t have a resource type "nothing"\n'),
    ],
)
def test_what_cannot_be_edited(line: str, words: str) -> None:
    terminal = Terminal(Cluster())
    terminal.run("kubectl delete configmap --all")
    before = terminal.machine.files.is_directory("/tmp") and terminal.machine.files.list("/tmp")
    done = terminal.run(line)
    assert (done.stderr, done.returncode) == (words, 1)
    assert (terminal.machine.files.is_directory("/tmp") and terminal.machine.files.list("/tmp")) == before
