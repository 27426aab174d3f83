"""The files of a simulated machine: a tree held in memory, never the host's.

It is an overlay, as a container's is: a :class:`Layer` below, never changed and shared by every machine of one image,
and above it a dict of what this machine wrote or removed. So a machine is made in no time and costs what it changes.
Errors carry the kernel's words, so that each program can print them in its own way.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from kubesim.userland.bounds import require

NO_SUCH_FILE = "No such file or directory"
IS_A_DIRECTORY = "Is a directory"
NOT_A_DIRECTORY = "Not a directory"
FILE_EXISTS = "File exists"
NOT_EMPTY = "Directory not empty"
INTO_ITSELF = "Invalid argument"
TOO_MANY_LINKS = "Too many levels of symbolic links"

_LINK_LIMIT = 40


class FileError(Exception):
    """A file operation that failed.

    :param path: as given by the caller.
    :param reason: the kernel's words, as ``strerror`` has them.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class Entry(NamedTuple):
    """One file, directory or symbolic link.

    :param kind: ``file``, ``directory`` or ``link``.
    :param content: a file's text, or a link's target.
    :param modified: seconds since 1970.
    """

    kind: str = "file"
    content: str = ""
    mode: int = 0o644
    modified: float = 0.0
    owner: str = "root"

    @property
    def size(self) -> int:
        """Bytes, as UTF-8; a directory's is 4096."""
        return 4096 if self.kind == "directory" else len(self.content.encode("utf-8", "surrogateescape"))


ROOT = Entry("directory", mode=0o755)


class Layer:
    """Files that many machines start from; never changed.

    :param files: by absolute path, without symbolic links above them; directories that are missing are made.
    """

    __slots__ = ("entries", "names")

    def __init__(self, files: Mapping[str, Entry] | None = None) -> None:
        self.entries: dict[str, Entry] = {"/": ROOT}
        self.names: dict[str, set[str]] = {}
        """The names in each directory that has any."""
        for path, entry in (files or {}).items():
            self._place(path, entry)

    def _place(self, path: str, entry: Entry) -> None:
        parent, name = posixpath.split(path)
        if parent not in self.entries:
            self._place(parent, ROOT._replace(modified=entry.modified))
        self.entries[path] = entry
        self.names.setdefault(parent, set()).add(name)


EMPTY = Layer()


class FileSystem:
    """A tree of files.

    :param clock: seconds since 1970, the time stamp of writes.
    :param base: the layer to start from, shared with others.
    :param own: what this machine has besides, by absolute path without symbolic links; not copied.
    """

    __slots__ = ("_changes", "_clock", "_layer", "kernel")

    def __init__(
        self,
        clock: Callable[[], float] = lambda: 0.0,
        base: Layer = EMPTY,
        own: dict[str, Entry | None] | None = None,
    ) -> None:
        self._clock = clock
        self._layer = base
        self.kernel: Callable[[str], str | None] | None = None
        """What makes the text of a file below ``/proc`` when it is read; None for a path that it does not know."""
        self._changes: dict[str, Entry | None] = {} if own is None else own
        """What this machine wrote by path; None where it removed what the layer has."""

    def untouched(self, prefixes: tuple[str, ...]) -> Layer | None:
        """The layer below, if this machine has nothing of its own at a path that begins so."""
        for path in self._changes:
            if path.startswith(prefixes):
                return None
        return self._layer

    def _get(self, path: str) -> Entry | None:
        """The entry at a resolved path."""
        return self._changes[path] if path in self._changes else self._layer.entries.get(path)

    def _put(self, path: str, entry: Entry) -> None:
        self._changes[path] = entry

    def _drop(self, path: str) -> None:
        if path in self._layer.entries:
            self._changes[path] = None
        else:
            self._changes.pop(path, None)

    def _names(self, directory: str) -> set[str]:
        """The names in a resolved directory."""
        found = self._layer.names.get(directory, set())
        start = directory if directory.endswith("/") else f"{directory}/"
        changed = {
            path[len(start) :]: entry
            for path, entry in self._changes.items()
            if path.startswith(start) and "/" not in path[len(start) :]
        }
        return {name for name in found | changed.keys() if name and changed.get(name, ROOT) is not None}

    def resolve(self, path: str, *, last: bool = True) -> str:
        """The path with ``.``, ``..`` and symbolic links followed.

        :param last: whether the last component is followed too.
        """
        found = self._get(path)
        if found is not None and (found.kind != "link" or not last):
            return path
        done = "/"
        left = [part for part in path.split("/") if part not in ("", ".")]
        left.reverse()
        hops = 0
        while left:
            part = left.pop()
            if part == "..":
                done = posixpath.dirname(done)
                continue
            here = f"/{part}" if done == "/" else f"{done}/{part}"
            entry = self._get(here)
            if entry is not None and entry.kind == "link" and (left or last):
                hops += 1
                if hops > _LINK_LIMIT:
                    raise FileError(path, TOO_MANY_LINKS)
                left += reversed([piece for piece in entry.content.split("/") if piece not in ("", ".")])
                if entry.content.startswith("/"):
                    done = "/"
                continue
            done = here
        return done

    def _find(self, path: str, *, last: bool = True) -> tuple[str, Entry | None]:
        """Where a path leads, and what is there."""
        entry = self._get(path)
        if entry is not None and (entry.kind != "link" or not last):
            return path, entry  # entries are kept by resolved paths
        resolved = self.resolve(path, last=last)
        entry = self._get(resolved)
        if entry is None and self.kernel is not None and resolved.startswith("/proc/"):
            text = self.kernel(resolved)
            entry = None if text is None else Entry("file", text, 0o444, self._clock())
        return resolved, entry

    def _entry(self, path: str, *, last: bool = True) -> Entry:
        resolved, entry = self._find(path, last=last)
        if entry is None:
            raise self._missing(path, resolved)
        if path.endswith("/") and entry.kind == "file":
            raise FileError(path, NOT_A_DIRECTORY)
        return entry

    def _missing(self, path: str, resolved: str) -> FileError:
        """Why nothing is at a path: the nearest that exists above it decides."""
        above = None
        while above is None:
            resolved = posixpath.dirname(resolved)
            above = self._get(resolved)
        return FileError(path, NO_SUCH_FILE if above.kind == "directory" else NOT_A_DIRECTORY)

    def stat(self, path: str, *, follow: bool = True) -> Entry:
        """The entry at a path.

        :raises FileError: where there is none.
        """
        return self._entry(path, last=follow)

    def exists(self, path: str) -> bool:
        """Whether something is there."""
        return self.kind(path) is not None

    def is_file(self, path: str) -> bool:
        """Whether a regular file is there."""
        return self.kind(path) == "file"

    def is_directory(self, path: str) -> bool:
        """Whether a directory is there."""
        return self.kind(path) == "directory"

    def kind(self, path: str) -> str | None:
        """What is there: ``file``, ``directory``…, or None."""
        try:
            entry = self._find(path)[1]
        except FileError:
            return None
        return None if entry is None or (entry.kind == "file" and path.endswith("/")) else entry.kind

    def read(self, path: str) -> str:
        """A file's text.

        :raises FileError: where there is no file, or a directory.
        """
        entry = self._entry(path)
        if entry.kind == "directory":
            raise FileError(path, IS_A_DIRECTORY)
        return entry.content

    def write(self, path: str, content: str, *, append: bool = False, mode: int | None = None) -> None:
        """Write a file, making it where it is missing.

        :raises FileError: where its directory is missing, or it is a directory.
        """
        resolved = self.resolve(path)
        if resolved == "/dev/null":
            return
        self._require_directory(path, resolved)
        old = self._get(resolved)
        if (old is not None and old.kind == "directory") or path.endswith("/"):
            raise FileError(path, IS_A_DIRECTORY)
        before = old.content if old is not None and append else ""
        require(len(before) + len(content))
        kept = old.mode if old is not None else 0o644
        owner = old.owner if old is not None else "root"
        self._put(resolved, Entry("file", before + content, kept if mode is None else mode, self._clock(), owner))

    def _require_directory(self, path: str, resolved: str) -> None:
        parent = self._get(posixpath.dirname(resolved))
        if parent is None:
            raise self._missing(path, resolved)
        if parent.kind != "directory":
            raise FileError(path, NOT_A_DIRECTORY)

    def list(self, path: str) -> list[str]:
        """The names in a directory, sorted.

        :raises FileError: where there is no directory.
        """
        if self._entry(path).kind != "directory":
            raise FileError(path, NOT_A_DIRECTORY)
        return sorted(self._names(self.resolve(path)))

    def walk(self, path: str) -> Iterator[str]:
        """Every path below and including one, depth first, names sorted."""
        yield path
        if self.is_directory(path) and self.stat(path, follow=False).kind == "directory":
            for name in self.list(path):
                yield from self.walk(posixpath.join(path, name))

    def make_directory(self, path: str, *, parents: bool = False, mode: int = 0o755) -> None:
        """Make a directory.

        :param parents: make those above too, and do not mind that it exists.
        :raises FileError: where it exists, or its parent does not.
        """
        resolved = self.resolve(path)
        old = self._get(resolved)
        if old is not None:
            if parents and old.kind == "directory":
                return
            raise FileError(path, FILE_EXISTS)
        if parents and self._get(posixpath.dirname(resolved)) is None:
            self.make_directory(posixpath.dirname(resolved), parents=True)
        self._require_directory(path, resolved)
        self._put(resolved, Entry("directory", mode=mode, modified=self._clock()))

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link.

        :raises FileError: where something is already there.
        """
        resolved = self.resolve(path, last=False)
        if self._get(resolved) is not None:
            raise FileError(path, FILE_EXISTS)
        self._require_directory(path, resolved)
        self._put(resolved, Entry("link", target, 0o777, self._clock()))

    def remove(self, path: str) -> None:
        """Remove a file, a link or an empty directory.

        :raises FileError: where there is none, or the directory has entries.
        """
        entry = self._entry(path, last=False)
        resolved = self.resolve(path, last=False)
        if entry.kind == "directory" and self._names(resolved):
            raise FileError(path, NOT_EMPTY)
        self._drop(resolved)

    def remove_tree(self, path: str) -> None:
        """Remove a path and all below it."""
        for each in reversed(list(self.walk(self.resolve(path, last=False)))):
            if each != "/":
                self.remove(each)

    def move(self, source: str, target: str) -> None:
        """Rename a file or a tree; an existing file at ``target`` is replaced.

        :raises FileError: where the source is missing, the target's directory is, or it lies in the source.
        """
        start = self.resolve(source, last=False)
        self._entry(source, last=False)
        end = self.resolve(target, last=False)
        self._require_directory(target, end)
        if start == end:
            return
        if end.startswith(f"{start}/"):
            raise FileError(target, INTO_ITSELF)
        moved = [(each, self.stat(each, follow=False)) for each in self.walk(start)]
        self.remove_tree(start)
        for each, entry in moved:
            self._put(end + each[len(start) :], entry)

    def change(
        self, path: str, *, mode: int | None = None, modified: float | None = None, owner: str | None = None
    ) -> None:
        """Change what ``stat`` says of a path.

        :raises FileError: where there is none.
        """
        entry = self._entry(path)
        changed = entry._replace(
            mode=entry.mode if mode is None else mode,
            modified=entry.modified if modified is None else modified,
            owner=entry.owner if owner is None else owner,
        )
        self._put(self.resolve(path), changed)

    def touch(self, path: str) -> None:
        """Set a path's time to now, making an empty file where it is missing."""
        if self.exists(path):
            self.change(path, modified=self._clock())
        else:
            self.write(path, "")


def absolute(path: str, directory: str) -> str:
    """A path as seen from a directory; a trailing slash is kept, because it demands a directory."""
    return path if path.startswith("/") else posixpath.join(directory, path)
