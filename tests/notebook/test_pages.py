"""The generated cells are current, and every chapter has what a chapter needs."""

from pathlib import Path

import nbformat
import pytest

from kubesim.data_directory import NOTEBOOKS
from kubesim.notebook.pages import Chapter, Course, Linker, Term, course, generated, navigation

WHOLE = course()


@pytest.fixture(params=WHOLE.chapters, ids=lambda chapter: chapter.file)
def chapter(request: pytest.FixtureRequest) -> Chapter:
    return request.param


@pytest.fixture
def notebook(chapter: Chapter) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{chapter.file}.ipynb", as_version=4)


def test_every_notebook_is_a_chapter() -> None:
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == [chapter.file for chapter in WHOLE.chapters]


def test_generated_cells_are_current(chapter: Chapter, notebook: nbformat.NotebookNode) -> None:
    found = {tag: cell.source for cell in notebook.cells for tag in cell.metadata.get("tags", [])}
    for tag in ("generated-navigation", "generated-glossary"):
        assert found[tag] == generated(tag, chapter, WHOLE), "run: python -m kubesim.notebook.pages"


def test_each_term_is_a_link_where_a_chapter_uses_it_first(chapter: Chapter, notebook: nbformat.NotebookNode) -> None:
    linker = Linker(chapter, WHOLE)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not cell.metadata.get("tags"):
            assert cell.source == linker.link(cell.source), "run: python -m kubesim.notebook.pages"
    own = {name for name, term in WHOLE.glossary.items() if chapter.number in term.chapters}
    assert own <= linker.linked, "a chapter's glossary has only what it uses"


CHAPTERS = [Chapter(f"0{number}-{name}", name, "", 1, "") for number, name in enumerate(("a", "b", "c"))]
TERMS = {"node": Term("", ["01"]), "port": Term("", ["00", "02"], ["targetPort"]), "node port": Term("", ["02"])}


@pytest.mark.parametrize(
    ("source", "linked"),
    [
        ("A node, and two nodes.", "A [node](#Glossary), and two nodes."),
        ("Nodes listen.", "[Nodes](#Glossary) listen."),
        ("a node port", "a [node port](02-c.ipynb#Glossary)"),
        ("`targetPort: 80` and port", "[`targetPort: 80`](00-a.ipynb#Glossary) and port"),
        ("`a node` **node** [node](x.ipynb)", "`a node` **node** [node](x.ipynb)"),
        ("# node\n| node |\nnode", "# node\n| node |\n[node](#Glossary)"),
        ("transports anode", "transports anode"),
        ("so:\n\n```\nnode x\n```\n\na node", "so:\n\n```\nnode x\n```\n\na [node](#Glossary)"),
        ("[node](02-c.ipynb#Glossary) [node](#Glossary)", "[node](#Glossary) node"),
    ],
)
def test_what_becomes_a_link(source: str, linked: str) -> None:
    assert Linker(CHAPTERS[1], Course(CHAPTERS, TERMS)).link(source) == linked


def test_executed_top_to_bottom_from_a_fresh_kernel(notebook: nbformat.NotebookNode) -> None:
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_no_cell_ends_in_a_python_error(notebook: nbformat.NotebookNode) -> None:
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []


def test_reads_well(notebook: nbformat.NotebookNode) -> None:
    """Short cells, predictions before runs, two exercises with a check, a hint and the way back, a summary."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    lines = [[line for line in source.splitlines() if not line.startswith(("%%predict", "( ) "))] for source in code]
    assert max(map(len, lines)) <= 10
    assert sum(source.startswith("%%predict") for source in code) >= 2
    assert [source for source in prose if "Predict" in source and "%%predict" not in source] == []
    assert [source for source in code if source.startswith("assert ")] == []
    kinds = "".join(cell.cell_type[0] for cell in notebook.cells)
    assert "ccc" not in kinds, "code follows code at most twice in a row"
    exercises = sum("exercise(" in source for source in code[1:])
    cases = sum(".case(" in source for source in code)  # their hints are counted: a page that is run takes none
    assert exercises + cases >= 2
    for tool, times in (("check", exercises + cases), ("hint", exercises), ("solution", exercises + cases)):
        assert code.count(f"lab.{tool}()") == times, tool
    assert sum("`lab.reset()` begins again" in source for source in prose) == exercises + cases
    assert any(".cluster.diagnose(" in source for source in code)
    assert any(source.startswith("## Summary") for source in prose)


def test_every_prediction_is_answered(notebook: nbformat.NotebookNode) -> None:
    """A choice that no longer fits would show its answer unfolded."""
    for cell in notebook.cells:
        if cell.source.startswith("%%predict"):
            assert [output.data["text/plain"].startswith("Predict: ") for output in cell.outputs] == [True]


def test_pictures_have_a_text_twin(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert "image/svg+xml" not in data, "JupyterLab would show it without an alternative text"
            if "<img " in data.get("text/html", ""):
                assert ' alt="' in data["text/html"]
                assert len(data["text/plain"].splitlines()) > 1


def test_the_navigation_is_a_chain() -> None:
    first, last = WHOLE.chapters[0], WHOLE.chapters[-1]
    assert "←" not in navigation(first, WHOLE)
    assert "→" not in navigation(last, WHOLE)
    for before, after in zip(WHOLE.chapters, WHOLE.chapters[1:], strict=False):
        assert f"({after.file}.ipynb)" in navigation(before, WHOLE)
        assert f"({before.file}.ipynb)" in navigation(after, WHOLE)


def test_the_readme_lists_every_chapter() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for chapter in WHOLE.chapters:
        assert f"(notebooks/{chapter.file}.ipynb)" in readme
