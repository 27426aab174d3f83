from __future__ import annotations

import json
from pathlib import Path

import pytest

from kubesim.command import main
from tests.cluster.distributions import cluster, dump


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dumps") / "all.json"
    path.write_text(dump(cluster("kind"), "get all -A"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("source", "target", "status", "words"),
    [
        ("pod/shop/client", "http://web", 0, "pod/shop/client → web:80: delivered"),
        ("pod/shop/client", "http://wep", 1, "name-not-found: No Service and no host has the name wep."),
        ("pod/shop/nobody", "http://web", 2, "cannot be told: the dump holds no Pod shop/nobody"),
    ],
)
def test_the_status_is_the_verdict(
    file: Path, capsys: pytest.CaptureFixture[str], source: str, target: str, status: int, words: str
) -> None:
    assert main(["diagnose", str(file), "--from", source, "--to", target]) == status
    assert words in capsys.readouterr().out


def test_what_is_no_dump_cannot_be_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "none.json")
    assert main(["diagnose", missing, "--from", "pod/a", "--to", "http://b"]) == 2
    assert "cannot be told" in capsys.readouterr().err


def test_sarif_has_the_finding_and_its_rule(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(file), "--from", "pod/shop/client", "--to", "http://wep", "-o", "sarif"]) == 1
    run = json.loads(capsys.readouterr().out)["runs"][0]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("name-not-found", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "name-not-found"


def test_sarif_has_what_its_schema_requires(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The required properties of SARIF 2.1.0 (OASIS): of the log, its runs, their tool and rules, and each result."""
    main(["diagnose", str(file), "--from", "pod/shop/client", "--to", "http://wep", "-o", "sarif"])
    log = json.loads(capsys.readouterr().out)
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "kubesim"
    assert all(rule["id"] and rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"])
    for result in run["results"]:
        assert result["message"]["text"] and result["level"] in ("none", "note", "warning", "error")
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]


def test_a_page_stands_alone_and_begins_with_what_fails(tmp_path: Path) -> None:
    objects = cluster("kind")
    next(each for each in objects if each["metadata"]["name"] == "web-x7c2k").update(endpoints=None, ports=None)
    next(e for e in objects if (e["kind"], e["metadata"]["name"]) == ("Service", "web"))["spec"]["selector"] = {
        "a": "b"
    }
    (tmp_path / "dump.json").write_text(dump(objects, "get pods,svc,endpointslices -A"), encoding="utf-8")
    assert main(["reach", str(tmp_path / "dump.json"), "--html", str(tmp_path / "page.html")]) == 1
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.index("What fails") < page.index("selector-matches-nothing") < page.index("Namespace shop")
    assert 'alt="node ' in page and "http" not in page.split("<body>")[0]


def test_each_pair_is_a_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["reach", str(file), "--each"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 24 and lines[-1].split("\t")[:3] == ["pod/shop/web-2", "web.shop:80", "delivered"]


def test_all_pairs_are_a_table(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reach", str(file)]) == 2  # nobody knows the API server's endpoints
    assert "18 delivered, 6 cannot be told" in capsys.readouterr().out
