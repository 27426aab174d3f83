"""What is the same in every chapter and made by the machine: navigation, the index and the glossaries.

``python -m kubesim.notebook.pages`` writes the generated cells of all notebooks anew from ``data/course.yaml``; a test
says when they are out of date. A generated cell is a Markdown cell tagged ``generated-navigation``,
``generated-index`` or ``generated-glossary``; the chapter's author places it, its text comes from here.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import nbformat

from kubesim.data_directory import DATA, NOTEBOOKS, read_yaml


class Chapter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One chapter: its file's name without ``.ipynb``, and what the index says of it."""

    file: str
    title: str
    sections: str
    minutes: int
    about: str

    @property
    def number(self) -> str:
        """``05``."""
        return self.file[:2]


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the glossary, and the chapters that introduce it."""

    text: str
    chapters: list[str]


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole course."""

    chapters: list[Chapter]
    glossary: dict[str, Term]


def course(path: Path = DATA / "course.yaml") -> Course:
    """Read the course's description."""
    return msgspec.convert(read_yaml(path), Course)


def generated(tag: str, chapter: Chapter, whole: Course) -> str | None:
    """The text of a generated cell, or None where the tag names none."""
    if tag == "generated-navigation":
        return navigation(chapter, whole)
    if tag == "generated-index":
        return index(whole)
    if tag == "generated-glossary":
        return glossary(chapter, whole)
    return None


def navigation(chapter: Chapter, whole: Course) -> str:
    """Links to the chapters before and after."""
    place = whole.chapters.index(chapter)
    links = []
    if place > 0:
        before = whole.chapters[place - 1]
        links.append(f"← [{before.number} {before.title}]({before.file}.ipynb)")
    if place > 1:
        links.append("[index](00-start-here.ipynb)")
    if place + 1 < len(whole.chapters):
        after = whole.chapters[place + 1]
        links.append(f"[{after.number} {after.title}]({after.file}.ipynb) →")
    return " · ".join(links)


def index(whole: Course) -> str:
    """The table of chapters."""
    rows = [
        f"| [{chapter.number} {chapter.title}]({chapter.file}.ipynb) | {chapter.sections or '–'} | {chapter.minutes} | "
        f"{chapter.about} |"
        for chapter in whole.chapters
    ]
    return "\n".join(["| chapter | sections | minutes | about |", "|---|---|---|---|", *rows])


def glossary(chapter: Chapter, whole: Course) -> str:
    """The terms that a chapter introduces."""
    rows = [f"| **{name}** | {term.text} |" for name, term in whole.glossary.items() if chapter.number in term.chapters]
    return "\n".join(["## Glossary", "", "| term | meaning |", "|---|---|", *rows])


def refresh(path: Path, whole: Course) -> bool:
    """Write a notebook's generated cells anew.

    :returns: whether anything changed.
    """
    chapter = next((chapter for chapter in whole.chapters if chapter.file == path.stem), None)
    if chapter is None:
        return False
    notebook = nbformat.read(path, as_version=4)
    changed = False
    for cell in notebook.cells:
        for tag in cell.metadata.get("tags", []):
            text = generated(tag, chapter, whole)
            if text is not None and cell.source != text:
                cell.source = text
                changed = True
    if changed:
        nbformat.write(notebook, path)
    return changed


def main() -> int:
    """Refresh every notebook and name those that changed."""
    whole = course()
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if refresh(path, whole):
            print(path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
