"""The journal: what is noted, saved, restored and looked back at."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kubesim import ApiError, Cluster, Terminal
from kubesim.cluster.journal import JournalError, JournalWarning
from kubesim.doors import is_door
from tests.cluster.sessions import differing

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def a_day(cluster: Cluster) -> None:
    """A bit of everything: lines, requests, time, a refusal, a direct call of the server."""
    terminal = Terminal(cluster)
    terminal.run("kubectl run web --image nginx\nX=left; echo kept > file\nkubectl expose pod web --port 80")
    cluster.apply(CONFIG_MAP)
    cluster.connect("pod/web", "http://web")
    cluster.advance(40)
    with pytest.raises(ApiError):
        cluster.delete("Pod", "nobody")
    cluster.api.patch(cluster.api.resource_type("svc"), "web", "default", {"metadata": {"labels": {"a": "b"}}})


@pytest.fixture(scope="module")
def day() -> Cluster:
    cluster = Cluster(seed=7, proxy_mode="nftables")
    a_day(cluster)
    return cluster


def test_each_call_from_outside_is_a_step_and_what_it_calls_inside_is_not(day: Cluster) -> None:
    assert [str(step) for step in day.journal] == [
        "cluster.open('Terminal', on='master', patience=120.0, interrupt=900.0)",
        "terminal/0 $ kubectl run web --image nginx",
        "terminal/0 $ X=left; echo kept > file",
        "terminal/0 $ kubectl expose pod web --port 80",
        "cluster.apply([{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'x'}}], 'default')",
        "cluster.connect('pod/web', 'http://web')",
        "cluster.advance(40)",
        "cluster.delete('Pod', 'nobody')",
        "server.patch('services', 'web', 'default', {'metadata': {'labels': {'a': 'b'}}})",
    ]


def test_looking_is_no_step(day: Cluster) -> None:
    steps = len(day.journal)
    day.table("events", None)
    day.get("Pod", "web")
    day.diagram()
    day.logs("web")
    assert len(day.journal) == steps


def test_a_saved_cluster_is_the_same_again(day: Cluster, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    day.save(first)
    again = Cluster.restore(first)
    again.save(second)
    assert first.read_bytes() == second.read_bytes()
    assert again.simulation.now == day.simulation.now
    assert again.store.list("Service") == day.store.list("Service")
    assert again.guests["terminal/0"].run("echo $X; cat file").stdout == "left\nkept\n"


def test_a_cluster_from_a_dump_is_the_same_again(day: Cluster, tmp_path: Path) -> None:
    objects = [*day.store.list("Pod"), *day.store.list("Service"), *day.store.list("EndpointSlice")]
    dump = Cluster.from_objects({"kind": "List", "items": objects})
    dump.connect("pod/web", "http://web")
    dump.save(tmp_path / "dump")
    again = Cluster.restore(tmp_path / "dump")
    assert str(again.connect("pod/web", "http://web")) == str(dump.connect("pod/web", "http://web"))


@pytest.mark.parametrize(("step", "there"), [(0, []), (1, []), (2, ["web"]), (9, ["web"])])
def test_a_cluster_as_it_was(day: Cluster, step: int, there: list[str]) -> None:
    past = day.at(step)
    assert [pod["metadata"]["name"] for pod in past.store.list("Pod", "default")] == there
    assert len(past.journal) == step


@pytest.mark.parametrize("step", [-1, 10])
def test_there_are_no_other_steps(day: Cluster, step: int) -> None:
    with pytest.raises(ValueError, match=rf"^a step must be between 0 and 9, got {step}$"):
        day.at(step)


def lines_of(cluster: Cluster, path: Path) -> list[str]:
    cluster.save(path)
    return path.read_text().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("cut", "steps"),
    [
        pytest.param(lambda text: text[: text.rindex('{"steps"')], 9, id="before the last line"),
        pytest.param(lambda text: text[: text.rindex('{"steps"') - 9], 8, id="within a step"),
        pytest.param(lambda text: text[: text.rindex('{"steps"') + 5], 9, id="within the last line"),
        pytest.param(lambda text: text[: text.index("\n") + 30], 0, id="within the first step"),
    ],
)
def test_a_journal_that_breaks_off_is_followed_to_its_last_whole_step(
    day: Cluster, tmp_path: Path, cut: Callable[[str], str], steps: int
) -> None:
    path = tmp_path / "journal"
    path.write_text(cut("".join(lines_of(day, path))))
    with pytest.warns(JournalWarning, match=rf"breaks off: it is followed to its last whole step, number {steps}$"):
        assert len(Cluster.restore(path).journal) == steps


def of_another(lines: list[str], **changes: Any) -> str:
    return json.dumps(json.loads(lines[0]) | changes) + "\n" + "".join(lines[1:])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda lines: "", "must begin with the kubesim that wrote it"),
        (lambda lines: "{}\n", "must begin with the kubesim that wrote it"),
        (
            lambda lines: of_another(lines, journal=0, kubesim="0.0.1"),
            "must be of format 1, .* written by kubesim 0.0.1",
        ),
        (lambda lines: of_another(lines, directory="/nowhere"), "folder must be /nowhere, there is none"),
        (lambda lines: of_another(lines, cluster={"nodes": []}), "a cluster must have a node"),
        (lambda lines: "".join([*lines[:3], "nonsense\n", *lines[3:]]), "line 4 of .* must be a step, got 'nonsense'"),
        (lambda lines: "".join(lines).replace('"caller":"cluster"', '"caller":"elsewhere"'), "must be of a door"),
        (
            lambda lines: "".join(lines).replace('"_apply"', '"admit"'),
            "must be of a door",
        ),
        (
            lambda lines: "".join(lines).replace('"name":"x"', '"name":"X"'),
            r"step 5 .* must come out as it was noted: well at",
        ),
    ],
)
def test_what_is_no_journal_is_refused_in_words(
    day: Cluster, tmp_path: Path, spoil: Callable[[list[str]], str], words: str
) -> None:
    path = tmp_path / "journal"
    path.write_text(spoil(lines_of(day, path)))
    with pytest.raises(ValueError, match=words):
        Cluster.restore(path)


def test_a_journal_of_another_version_is_followed_with_a_warning(day: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text(of_another(lines_of(day, path), kubesim="0.0.9"))
    with pytest.warns(JournalWarning, match=r"was written by kubesim 0\.0\.9"):
        assert len(Cluster.restore(path).journal) == 9


def test_what_no_file_can_hold_is_not_saved(tmp_path: Path) -> None:
    cluster = Cluster(runtime=lambda containers: containers)
    with pytest.raises(JournalError, match="a journal must hold everything that was done to its cluster, but"):
        cluster.save(tmp_path / "journal")
    with pytest.raises(JournalError):
        cluster.at(0)


def test_what_changes_a_cluster_is_a_door() -> None:
    doors = {name for name in dir(Cluster) if is_door(getattr(Cluster, name))}
    assert doors >= {"advance", "settle", "connect", "resolve", "exec", "delete", "patch", "suspend", "fail_node"}
    assert not doors & {"get", "table", "logs", "diagram", "save"}


@pytest.mark.parametrize("how", ["KeyboardInterrupt", "Interrupted"])
@pytest.mark.parametrize("look", [1, 5, 12, 30])
def test_what_ended_early_ends_there_again(tmp_path: Path, look: int, how: str) -> None:
    cluster = Cluster()
    terminal = Terminal(cluster)
    cluster.turn.plan([(look, how)])
    with suppress(KeyboardInterrupt):
        terminal.run("kubectl create deployment web --image nginx --replicas 3; sleep 60; kubectl get pods")
    assert cluster.turn.cuts == [(look, how)]
    cluster.save(tmp_path / "journal")
    again = Cluster.restore(tmp_path / "journal")
    assert again.store.list("Pod") == cluster.store.list("Pod")
    line = "kubectl get events; kubectl get pods -o yaml; echo $?"
    assert again.guests["terminal/0"].screen(line) == terminal.screen(line)


def test_another_process_goes_on_as_this_one_would() -> None:
    assert differing(range(4)) == []
