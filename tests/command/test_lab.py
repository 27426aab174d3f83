"""``kubesim lab``: the learner's folder, and nothing of it overwritten."""

import json
import os
import re
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyterlab_server.config import get_federated_extensions

from kubesim.command import lab, main
from kubesim.data_directory import NOTEBOOKS

NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.ipynb")}


PUBLISHED = contents(NOTEBOOKS)


def test_the_first_time_all_notebooks_are_put_into_a_new_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a" / "course"
    assert main(["lab", str(folder), "--prepare"]) == 0
    assert contents(folder) == PUBLISHED
    assert capsys.readouterr().out == f"{len(NAMES)} notebooks were put into {folder}.\n"


def test_no_link_between_the_pages_leads_out_of_the_learners_folder(tmp_path: Path) -> None:
    lab.prepare(tmp_path)
    led = {
        (path.name, link)
        for path in (*tmp_path.glob("*.ipynb"), *tmp_path.glob("*.md"))
        for link in re.findall(r"\]\(([^)#\s:]+\.(?:ipynb|md))[#)]", path.read_text("utf-8"))
    }
    assert ("00-start-here.ipynb", "errata.md") in led
    assert {link for _, link in led if not (tmp_path / link).is_file() or link.startswith("..")} == set()


def test_what_the_learner_has_stays(tmp_path: Path) -> None:
    lab.prepare(tmp_path)
    (tmp_path / NAMES[0]).write_text("mine")
    (tmp_path / NAMES[1]).unlink()
    (tmp_path / "notes.txt").write_text("notes")
    said = lab.prepare(tmp_path)
    assert contents(tmp_path) == {**PUBLISHED, NAMES[0]: b"mine"}
    assert said.startswith("1 notebook was put into") and f"{len(NAMES) - 1} notebooks were there" in said


def test_fresh_copies_keep_what_the_learner_had(tmp_path: Path) -> None:
    lab.prepare(tmp_path)
    for time in ("first", "second"):
        (tmp_path / NAMES[0]).write_text(time)
        lab.prepare(tmp_path, fresh=True)
    kept = {f"kept-1/{NAMES[0]}": b"first", f"kept-2/{NAMES[0]}": b"second"}
    assert contents(tmp_path) == PUBLISHED | kept


def test_fresh_where_nothing_was_changed_sets_nothing_aside(tmp_path: Path) -> None:
    lab.prepare(tmp_path)
    lab.prepare(tmp_path, fresh=True)
    assert contents(tmp_path) == PUBLISHED


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("file", "DIR must be a folder, got the file "),
        ("file/below", "DIR must be a folder that can be written, got "),
        (str(NOTEBOOKS), "DIR must be a folder of your own, got the course's "),
    ],
)
def test_what_can_be_no_folder_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str, words: str
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["lab", str(tmp_path / folder), "--prepare"]) == 1
    assert capsys.readouterr().err.startswith(f"kubesim lab: {words}")


def test_the_kernels_have_the_magics_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", "/elsewhere")
    given = lab.environment()["JUPYTER_PATH"]
    assert given.endswith(f"{os.pathsep}/elsewhere")
    monkeypatch.setenv("JUPYTER_PATH", given)
    spec = KernelSpecManager().get_kernel_spec("python3")
    assert "--ext=kubesim.notebook.set_up" in spec.argv
    assert json.dumps(spec.to_dict())


def test_jupyterlab_finds_the_style_sheet_with_which_long_lines_scroll() -> None:
    folder = Path(lab.environment()["JUPYTER_PATH"].partition(os.pathsep)[0]) / "labextensions"
    (found,) = get_federated_extensions([str(folder)]).values()
    assert (folder / found["name"] / found["jupyterlab"]["_build"]["load"]).is_file()


def test_where_the_home_directory_cannot_be_written_jupyter_s_files_are_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home, expected in ((tmp_path, tmp_path), (tmp_path / "none", tmp_path / "course" / ".home")):
        monkeypatch.setenv("HOME", str(home))
        assert lab.environment(tmp_path / "course")["HOME"] == str(expected)
