"""The three lists of requirements say the same."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_environment_yml_requires_what_pyproject_requires() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert sorted(entry for entry in pip if not entry.startswith("-")) == sorted(project()["project"]["dependencies"])
    assert f"python{project()['project']['requires-python']}" in conda


def test_the_lock_holds_every_requirement_with_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", lock, flags=re.MULTILINE))
    document = project()
    for text in document["project"]["dependencies"] + document["dependency-groups"]["dev"]:
        requirement = Requirement(text)
        assert locked[requirement.name.lower()] in requirement.specifier, text
    assert lock.count("--hash=sha256:") >= len(locked)
    assert "://" not in lock
