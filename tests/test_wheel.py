"""The wheel, installed where there is no checkout: its data, notebooks and command have travelled with it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

CHAPTER = """\
kubectl run mynginx --image nginx
kubectl apply -f myservice.yaml
kubectl run client --image nginx
kubectl exec client -- curl -s myservice:8080 | grep -o '<title>.*</title>'
"""

EXERCISE = """\
import kubesim
from kubesim.notebook import exercise
lab = exercise("00-no-answer")
before = lab.solved
lab.terminal.run(lab.file.solutions[0])
print(before, lab.solved, kubesim.__file__)
"""


def run(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run([*map(str, words)], cwd=cwd, env={**clean, **environment}, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an empty environment into which the wheel was installed."""
    uv = Path(sys.executable).with_name("uv")
    place = tmp_path_factory.mktemp("environment") / "env"
    assert run(uv, "venv", "--python", sys.executable, place, cwd=ROOT).returncode == 0
    install = (uv, "pip", "install", "--python", place / "bin" / "python", wheel)
    for reach in (["--offline"], []):  # what an earlier installation left on this machine is enough
        done = run(*install, *reach, cwd=ROOT)
        if done.returncode == 0:
            return place / "bin"
    pytest.skip(f"no package index is reachable, and this machine has no copies: {done.stderr.strip()[-300:]}")


def test_the_wheel_holds_the_course_s_files_and_nothing_of_the_workshop(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("data", "notebooks"):
        files = [path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()]
        published = [path for path in files if not any(part.startswith((".", "__pycache__")) for part in path.parts)]
        assert {f"kubesim/{path.as_posix()}" for path in published} <= names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"kubesim"}


def test_the_chapter_comes_up_in_an_empty_environment(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(CHAPTER)
    done = run(environment / "kubesim", "run", "script", cwd=tmp_path)
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.splitlines()[-1] == "<title>Welcome to nginx!</title>"


def test_an_exercise_comes_up_there_and_is_solved(environment: Path, tmp_path: Path) -> None:
    done = run(environment / "python", "-c", EXERCISE, cwd=tmp_path)
    before, after, home = done.stdout.split()
    assert (before, after) == ("False", "True")
    assert Path(home).is_relative_to(environment.parent)


def test_the_notebooks_are_put_into_the_learner_s_folder(environment: Path, tmp_path: Path) -> None:
    assert run(environment / "kubesim", "lab", "mine", "--prepare", cwd=tmp_path).returncode == 0
    assert len(list((tmp_path / "mine").glob("*.ipynb"))) == len(list((ROOT / "notebooks").glob("*.ipynb")))


def test_a_checkout_installed_to_be_edited_finds_its_own_files() -> None:
    from kubesim.data_directory import DATA, NOTEBOOKS

    assert ROOT / "data" == DATA and ROOT / "notebooks" == NOTEBOOKS
