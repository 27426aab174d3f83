"""What a kustomization may read: files in and below its own directory, and other directories that do not lead back."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.urls import split_host
from kubesim.userland.filesystem import FileError, FileSystem

_URL = re.compile("https?://")
_REPOSITORY = re.compile(r"(git::|git@|ssh://|file://|github\.com[/:]|https?://)")


class MissingFileError(KubectlError):
    """That a file is not there; whoever looks on for a directory says both."""


@dataclass(frozen=True, slots=True)
class Loader:
    """Reads files for one kustomization.

    :param root: its directory, absolute.
    :param visited: the directories that led here, the nearest first.
    :param resolver: the name server that is asked for the host of a URL.
    :param unrestricted: whether files outside the directory may be read (``--load-restrictor``).
    """

    files: FileSystem
    root: str
    visited: tuple[str, ...] = ()
    resolver: str = "127.0.0.53"
    unrestricted: bool = False

    def read(self, path: str) -> str:
        """The text of a file.

        :raises KubectlError: where it is missing, no file, or outside.
        """
        if _URL.match(path):
            host = split_host(re.split("[/?#]", path.partition("://")[2], maxsplit=1)[0].rpartition("@")[2])[0]
            raise KubectlError(f'Get "{path}": dial tcp: lookup {host} on {self.resolver}:53: no such host')
        target = posixpath.normpath(posixpath.join(self.root, path))
        if self.unrestricted:
            return self._read(target)
        real = self._real(target)
        if self.files.is_directory(real):
            raise MissingFileError(f"'{target}' must resolve to a file")
        if not _is_within(posixpath.dirname(real), self.root):
            raise KubectlError(f"security; file '{target}' is not in or below '{self.root}'")
        return self._read(real)

    def _read(self, path: str) -> str:
        try:
            return self.files.read(path)
        except FileError as error:
            raise MissingFileError(f"open {path}: {error.reason[:1].lower()}{error.reason[1:]}") from None

    def _real(self, target: str, shown: str = "") -> str:
        if not self.files.exists(target):
            missing = f"lstat {self._first_missing(target)}: no such file or directory"
            raise MissingFileError(f"evalsymlink failure on '{shown or target}' : {missing}")
        return self.files.resolve(target)

    def _first_missing(self, target: str) -> str:
        """The first part of a path that is not there, of which Go speaks."""
        parts = target.split("/")
        for count in range(2, len(parts)):
            above = "/".join(parts[:count])
            if not self.files.exists(above):
                return above
        return target

    def below(self, path: str) -> Loader:
        """A loader for another directory.

        :raises KubectlError: where it is none, or one on the way here.
        """
        if not path:
            raise KubectlError("new root cannot be empty")
        if _REPOSITORY.match(path):
            raise KubectlError("no 'git' program on path: exec: \"git\": executable file not found in $PATH")
        if posixpath.isabs(path):
            raise KubectlError(f"new root '{path}' cannot be absolute")
        root = self.directory(posixpath.join(self.root, path))
        for visited in (self.root, *self.visited):
            if _is_within(visited, root):
                raise KubectlError(f"cycle detected: candidate root '{root}' contains visited root '{visited}'")
        return Loader(self.files, root, (self.root, *self.visited), self.resolver, self.unrestricted)

    def directory(self, path: str, shown: str = "") -> str:
        """A directory, absolute and without links.

        :param shown: how a complaint calls it.
        :raises KubectlError: where there is none.
        """
        target = posixpath.normpath(posixpath.join(self.root, path))
        try:
            real = self._real(target, shown)
        except MissingFileError as error:
            raise KubectlError(f"must build at directory: not a valid directory: {error}") from None
        if not self.files.is_directory(real):
            raise KubectlError(f"must build at directory: '{shown or target}': file is not directory")
        return real


def _is_within(path: str, root: str) -> bool:
    return root == "/" or path == root or path.startswith(f"{root}/")
