"""The files of a machine: the kernel's words, links, and an overlay that behaves as a plain copy of the image would."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.userland.filesystem import Entry, FileError, FileSystem, Layer

NAMES = st.lists(st.sampled_from(["a", "b", "..", ".", "c"]), min_size=1, max_size=5).map("/".join)


def test_a_file_is_read_as_it_was_written():
    files = FileSystem(lambda: 7.0)
    files.write("/x", "one\n")
    files.write("/x", "two\n", append=True)
    assert files.read("/x") == "one\ntwo\n"
    assert files.stat("/x").modified == 7.0


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nosuch", "No such file or directory"),
        ("/dir", "Is a directory"),
        ("/file/below", "Not a directory"),
    ],
)
def test_errors_are_the_kernels(path, reason):
    files = FileSystem()
    files.make_directory("/dir")
    files.write("/file", "")
    with pytest.raises(FileError) as caught:
        files.read(path)
    assert caught.value.reason == reason


def test_links_are_followed_and_loops_end():
    files = FileSystem()
    files.make_directory("/usr/bin", parents=True)
    files.link("/bin", "usr/bin")
    files.write("/bin/x", "1")
    assert files.read("/usr/bin/x") == "1"
    files.link("/a", "b")
    files.link("/b", "a")
    with pytest.raises(FileError, match="symbolic links"):
        files.read("/a")


def test_a_tree_moves_whole():
    files = FileSystem()
    files.make_directory("/a/b", parents=True)
    files.write("/a/b/c", "1")
    files.move("/a", "/z")
    assert files.read("/z/b/c") == "1"
    assert not files.exists("/a")


@given(NAMES, st.text(max_size=20))
def test_writing_any_path_fails_cleanly_or_reads_back(path, text):
    files = FileSystem()
    try:
        files.write("/" + path, text)
    except FileError:
        return
    assert files.read("/" + path) == text


IMAGE = {
    "/etc/hosts": Entry("file", "127.0.0.1 localhost\n"),
    "/etc/nginx/nginx.conf": Entry("file", "events {}\n"),
    "/etc/nginx/conf.d": Entry("directory", mode=0o755),
    "/tmp": Entry("directory", mode=0o1777),
}
PATHS = st.sampled_from(
    [*IMAGE, "/", "/etc", "/etc/nginx", "/etc/nginx/conf.d/a", "/tmp/a", "/tmp/a/b", "/tmp/b", "/new", "/new/a"]
)


class RefusedError(Exception):
    pass


@dataclass
class Naive:
    """Files as one dict: a text, or None for a directory."""

    entries: dict[str, str | None]

    def write(self, path: str, text: str) -> None:
        if self.entries.get(posixpath.dirname(path), "") is not None or self.entries.get(path, "") is None:
            raise RefusedError
        self.entries[path] = text

    def make_directory(self, path: str) -> None:
        if path in self.entries or self.entries.get(posixpath.dirname(path), "") is not None:
            raise RefusedError
        self.entries[path] = None

    def below(self, path: str) -> list[str]:
        return [each for each in self.entries if each == path or each.startswith(path.rstrip("/") + "/")]

    def remove(self, path: str) -> None:
        if path not in self.entries or len(self.below(path)) > 1:
            raise RefusedError
        del self.entries[path]

    def remove_tree(self, path: str) -> None:
        if path not in self.entries:
            raise RefusedError
        for each in self.below(path):
            if each != "/":
                del self.entries[each]

    def move(self, path: str, target: str) -> None:
        if path not in self.entries or self.entries.get(posixpath.dirname(target), "") is not None:
            raise RefusedError
        if target == path:
            return
        if target.startswith(path + "/") or path == "/":
            raise RefusedError
        moved = {target + each[len(path) :]: self.entries.pop(each) for each in self.below(path)}
        self.entries |= moved

    def list(self, path: str) -> list[str]:
        if self.entries.get(path, "") is not None:
            raise RefusedError
        return sorted(
            posixpath.basename(each) for each in self.entries if each != "/" and posixpath.dirname(each) == path
        )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), PATHS, st.text("xy", max_size=3)),
        st.tuples(st.just("make_directory"), PATHS),
        st.tuples(st.just("remove"), PATHS.filter(lambda path: path != "/")),
        st.tuples(st.just("remove_tree"), PATHS),
        st.tuples(st.just("move"), PATHS.filter(lambda path: path != "/"), PATHS),
    ),
    max_size=15,
)


def occupied(naive: Naive, step: tuple[str, ...]) -> bool:
    """A move onto a directory: ``mv`` puts the source inside instead, so the file system is never asked."""
    return step[0] == "move" and step[1] != step[2] and naive.entries.get(step[2], "") is None


@given(STEPS)
def test_an_overlay_is_a_copy(steps):
    layer = Layer(IMAGE)
    before = dict(layer.entries)
    files, untouched = FileSystem(base=layer), FileSystem(base=layer)
    naive = Naive({path: None if entry.kind == "directory" else entry.content for path, entry in layer.entries.items()})
    for step in steps:
        if occupied(naive, step):
            continue
        try:
            getattr(naive, step[0])(*step[1:])
            refused = False
        except RefusedError:
            refused = True
        try:
            getattr(files, step[0])(*step[1:])
            assert not refused, step
        except FileError:
            assert refused, step
        seen = {path: None if files.is_directory(path) else files.read(path) for path in files.walk("/")}
        assert seen == naive.entries, step
        for path in seen:
            if files.is_directory(path):
                assert files.list(path) == naive.list(path)
    assert layer.entries == before
    assert untouched.read("/etc/hosts") == "127.0.0.1 localhost\n"


def test_two_machines_of_one_image_share_what_neither_changed():
    layer = Layer(IMAGE)
    first, second = FileSystem(base=layer), FileSystem(base=layer)
    first.write("/etc/hosts", "10.42.0.7 web\n")
    first.remove("/etc/nginx/nginx.conf")
    assert (first.read("/etc/hosts"), second.read("/etc/hosts")) == ("10.42.0.7 web\n", "127.0.0.1 localhost\n")
    assert (first.list("/etc/nginx"), second.list("/etc/nginx")) == (["conf.d"], ["conf.d", "nginx.conf"])
    assert first.stat("/tmp") is second.stat("/tmp")


def test_what_was_removed_can_be_made_again():
    files = FileSystem(base=Layer(IMAGE))
    files.remove_tree("/etc/nginx")
    files.make_directory("/etc/nginx")
    assert files.list("/etc/nginx") == []
    files.write("/etc/nginx/nginx.conf", "again\n")
    assert files.read("/etc/nginx/nginx.conf") == "again\n"


@pytest.mark.parametrize("target", ["/a/x", "/a/b/x"])
def test_a_directory_cannot_move_into_itself(target):
    files = FileSystem()
    files.make_directory("/a/b", parents=True)
    with pytest.raises(FileError, match="Invalid argument"):
        files.move("/a", target)
    assert list(files.walk("/")) == ["/", "/a", "/a/b"]


@pytest.mark.parametrize(
    ("change", "pristine"),
    [
        (lambda files: files.write("/etc/hosts", "127.0.0.1 localhost\n"), True),
        (lambda files: files.read("/etc/nginx/nginx.conf"), True),
        (lambda files: files.write("/etc/nginx/nginx.conf", "events {}"), False),
        (lambda files: files.write("/etc/nginx/conf.d/other.conf", ""), False),
        (lambda files: files.remove("/etc/nginx/conf.d/default.conf"), False),
        (lambda files: files.move("/etc/nginx", "/etc/old"), False),
    ],
    ids=["beside it", "reading", "writing a file", "a new file", "removing a file", "moving it all"],
)
def test_what_leaves_a_part_of_the_image_as_it_was(change, pristine):
    layer = Layer({path: Entry() for path in ("/etc/nginx/nginx.conf", "/etc/nginx/conf.d/default.conf", "/etc/hosts")})
    files = FileSystem(base=layer)
    change(files)
    assert files.untouched(("/etc/nginx",)) is (layer if pristine else None)
