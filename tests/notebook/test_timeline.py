"""The Timeline is driven by setting its slider, as a person does."""

import pytest

from kubesim import Cluster, Terminal
from kubesim.notebook import Timeline, exercise
from kubesim.views.journey import Journey


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster()
    terminal = Terminal(cluster)  # step 1
    terminal.run("kubectl run client --image nginx\nkubectl run web --image nginx\nkubectl expose pod web --port 80")
    cluster.connect("pod/client", "http://web")  # step 5
    terminal.run("kubectl delete svc web")
    return cluster


@pytest.fixture(scope="module")
def timeline(cluster: Cluster) -> Timeline:
    return Timeline(cluster)


@pytest.mark.parametrize(
    ("step", "did", "pods", "services", "path"),
    [
        (0, "the cluster comes up", [], ["kubernetes"], "is no machine that runs"),
        (2, "terminal/0 $ kubectl run client --image nginx", ["client"], ["kubernetes"], "unresolved"),
        (3, "terminal/0 $ kubectl run web --image nginx", ["client", "web"], ["kubernetes"], "unresolved"),
        (4, "terminal/0 $ kubectl expose pod web --port 80", ["client", "web"], ["kubernetes", "web"], "delivered"),
        # CoreDNS remembers the name for a while; the address behind it leads nowhere.
        (6, "terminal/0 $ kubectl delete svc web", ["client", "web"], ["kubernetes"], "lost"),
    ],
)
def test_each_step_shows_the_cluster_as_it_was_and_the_request_as_it_went(
    timeline: Timeline, step: int, did: str, pods: list[str], services: list[str], path: str
) -> None:
    timeline.step.value = step
    shown, found = timeline.frame.path, timeline.frame.tables
    assert timeline.frame.did == did
    assert [table["NAME"].tolist() for table in found.values()] == [pods, services]
    assert path in (shown.outcome if isinstance(shown, Journey) else str(shown))
    assert f"<b>step {step} of 6</b>" in timeline.words.value
    assert all(f"<td>{name}</td>" in timeline.tables.value for name in [*pods, *services])


def test_looking_back_changes_nothing(cluster: Cluster, timeline: Timeline) -> None:
    before = len(cluster.journal), cluster.simulation.now, cluster.store.resource_version
    timeline.step.value = 4
    assert (len(cluster.journal), cluster.simulation.now, cluster.store.resource_version) == before


def test_there_is_no_step_beyond_the_ends(timeline: Timeline) -> None:
    for wanted, got in ((7, 6), (-1, 0), (5, 5)):
        timeline.step.value = wanted
        assert timeline.step.value == timeline.frame.step == got


def test_the_static_twin_says_what_is_shown(timeline: Timeline) -> None:
    timeline.step.value = 4
    bundle = timeline._repr_mimebundle_()
    assert bundle["text/plain"].startswith("Timeline: step 4 of 6, 3")
    assert "→   4 terminal/0 $ kubectl expose pod web --port 80\n" in bundle["text/plain"]
    assert "delivered" in bundle["text/plain"]
    assert bundle["text/html"].count('<img src="data:image/svg+xml') == 2
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_without_a_request_there_is_no_path() -> None:
    cluster = Cluster()
    cluster.advance(1)
    timeline = Timeline(cluster)
    assert timeline.frame.path is None and timeline.path.value == ""


def test_an_exercise_has_a_timeline_with_a_request_of_one_s_own() -> None:
    lab = exercise("00-no-answer")
    timeline = Timeline(lab, "laptop", "http://172.31.0.10:30080")
    assert timeline.step.last == len(lab.cluster.journal)
    assert isinstance(timeline.frame.path, Journey)


@pytest.mark.parametrize(
    ("arguments", "options", "problem"),
    [
        ((), {"step": 7}, "a step must be between 0 and 6, got 7"),
        (("laptop",), {}, "a request must have a source and a url, got 'laptop' and ''"),
    ],
)
def test_what_is_asked_wrongly_is_said(cluster: Cluster, arguments: tuple, options: dict, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Timeline(cluster, *arguments, **options)


def test_only_a_cluster_has_a_timeline() -> None:
    with pytest.raises(TypeError, match="a Timeline shows a Cluster, or what has one, got int"):
        Timeline(1)
