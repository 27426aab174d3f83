"""What is the same in every chapter and made by the machine: navigation, the index, the glossaries and links to them.

``python -m kubesim.notebook.pages`` writes the generated cells of all notebooks anew from ``data/course.yaml``; a test
says when they are out of date. A generated cell is a Markdown cell tagged ``generated-navigation``,
``generated-index`` or ``generated-glossary``; the chapter's author places it, its text comes from here. In the author's
own cells a term of the glossary is a link where the chapter uses it first.
"""

from __future__ import annotations

import re
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
    """One entry of the glossary.

    :param chapters: the numbers of those that introduce it.
    :param forms: other words that mean it.
    """

    text: str
    chapters: list[str]
    forms: list[str] = []


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


class Linker:
    """Makes each term a link to its entry where a chapter uses it first; not in headings, tables, code and links.

    :ivar linked: the terms that have been met so far.
    """

    def __init__(self, chapter: Chapter, whole: Course) -> None:
        self._targets = {name: _entry(term, chapter, whole) for name, term in whole.glossary.items()}
        self._names = {form: name for name, term in whole.glossary.items() for form in (name, *term.forms)}
        forms = sorted((form for form in self._names), key=len, reverse=True)
        words = "|".join(f"{_any_case(form)}(?:e?s)?" for form in forms)
        self._place = re.compile(
            rf"(?P<other>\[[^\]]*\]\([^)]*\)|\*\*[^*]*\*\*)|`(?P<code>[^`]*)`|\b(?P<word>{words})\b"
        )
        self.linked: set[str] = set()

    def link(self, source: str) -> str:
        """A cell's text with the links that it should have."""
        plain = _LINK.sub(r"\1", source)
        return "".join(part if fenced else self._prose(part) for fenced, part in _parts(plain))

    def _prose(self, text: str) -> str:
        lines = text.split("\n")
        return "\n".join(line if line.startswith(("#", "|")) else self._place.sub(self._linked, line) for line in lines)

    def _linked(self, found: re.Match[str]) -> str:
        name = self._name(found["word"] or (found["code"] or "").partition(":")[0])
        if found["other"] or name is None or name in self.linked:
            return found[0]
        self.linked.add(name)
        return f"[{found[0]}]({self._targets[name]})"

    def _name(self, word: str) -> str | None:
        """The term that a word in the text stands for: itself, with a small letter, or in the singular."""
        small = word[:1].lower() + word[1:]
        tried = (each.removesuffix(ending) for each in (word, small) for ending in ("", "s", "es"))
        return next((self._names[each] for each in tried if each in self._names), None)


_LINK = re.compile(r"\[([^\]]*)\]\([^)#]*#Glossary\)")
_FENCED = re.compile(r"(^```.*?^```[ \t]*$)", re.MULTILINE | re.DOTALL)


def _parts(source: str) -> list[tuple[bool, str]]:
    """A text cut where fenced code begins and ends: whether a part is code, and the part."""
    return [(place % 2 == 1, part) for place, part in enumerate(_FENCED.split(source))]


def _any_case(form: str) -> str:
    """A term's pattern: at the beginning of a sentence a small letter is a capital."""
    first = form[0]
    return (f"[{first}{first.upper()}]" if first.islower() else re.escape(first)) + re.escape(form[1:])


def _entry(term: Term, chapter: Chapter, whole: Course) -> str:
    """Where a reader of a chapter finds a term: on this page, else in the nearest chapter before, else in the next."""
    numbers = [each.number for each in whole.chapters]
    homes = sorted(term.chapters, key=lambda number: (number > chapter.number, abs(int(number) - int(chapter.number))))
    home = whole.chapters[numbers.index(homes[0])]
    return "#Glossary" if home == chapter else f"{home.file}.ipynb#Glossary"


def refresh(path: Path, whole: Course) -> bool:
    """Write a notebook's generated cells and its links to the glossaries anew.

    :returns: whether anything changed.
    """
    chapter = next((chapter for chapter in whole.chapters if chapter.file == path.stem), None)
    if chapter is None:
        return False
    notebook = nbformat.read(path, as_version=4)
    before = [cell.source for cell in notebook.cells]
    linker = Linker(chapter, whole)
    for cell in notebook.cells:
        texts = [generated(tag, chapter, whole) for tag in cell.metadata.get("tags", [])]
        if cell.cell_type == "markdown":
            cell.source = next((text for text in texts if text is not None), None) or linker.link(cell.source)
    changed = [cell.source for cell in notebook.cells] != before
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
