"""``kubectl edit``: the objects are left in a file."""

import re

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


@pytest.mark.parametrize(
    ("editor", "said", "status"),
    [
        ("sed -i s/8080/8081/", "service/web edited\n", 0),
        ("sed -i 's/8080/8081/'", "service/web edited\n", 0),  # what is quoted is read by a shell
        ("true", "Edit cancelled, no changes made.\n", 0),
        ("sed -i d", "Edit cancelled, saved file was empty.\n", 0),
        ("sed -i s/8080/99999/",
         'error: services "web" is invalid\nA copy of your changes has been stored to "PATH"\n'
         "error: Edit cancelled, no valid changes were saved.\n", 1),
        ("sed -i s/targetPort:./targetPort/",  # no YAML any more: put down to the first object, as kubectl 1.36.4 does
         'error: services "web" is invalid\nA copy of your changes has been stored to "PATH"\n'
         "error: Edit cancelled, no valid changes were saved.\n", 1),
        ("nosuch", 'error: unable to launch the editor "nosuch"\n', 1),
        ("false", 'error: there was a problem with the editor "false"\n', 1),
    ],
)  # fmt: skip
def test_an_editor(editor: str, said: str, status: int) -> None:
    """The words of k8s.io/kubectl/pkg/cmd/util/editor."""
    terminal = Terminal(Cluster())
    terminal.run("kubectl create service clusterip web --tcp=80:8080")
    done = terminal.run(f'KUBE_EDITOR="{editor}" kubectl edit svc web')
    printed = re.sub(r"/tmp/kubectl-edit-\d+.yaml", "PATH", done.stdout + done.stderr)
    assert (printed, done.returncode) == (said, status)
    port = terminal.run("kubectl get svc web -o jsonpath='{.spec.ports[0].targetPort}'").stdout
    assert port == ("8081" if "edited" in said else "8080")
