"""The image catalogue: which images can be pulled, and what a container of each has and runs.

``data/images.yaml`` holds the facts. An image's programs and files are shared by all its containers; a container gets
a :class:`~kubesim.userland.machine.Machine` of its own over them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec

from kubesim.api.store import Store
from kubesim.data_directory import DATA, read_yaml
from kubesim.network.sockets import Sockets
from kubesim.programs.image_references import Reference, parse_reference
from kubesim.programs.kernel_files import kernel_file
from kubesim.programs.machine import Machine
from kubesim.programs.program_table import programs_named
from kubesim.simulation import Simulation
from kubesim.userland.filesystem import Entry, FileSystem, Layer
from kubesim.userland.machine import DEFAULT_PATH
from kubesim.userland.process import Program

BUILT = 1_764_979_200.0
"""When the files of every image were made: 2025-12-06, in seconds since 1970."""

DIRECTORY = Entry("directory", mode=0o755, modified=BUILT)
_PROGRAM_DIRECTORIES = {"debian": "/usr/bin", "ubuntu": "/usr/bin", "alpine": "/bin", "busybox": "/bin", "static": ""}


@dataclass(frozen=True, slots=True)
class Image:
    """One image of the catalogue.

    :param reference: its full name with the tag that was asked for.
    :param digest: ``sha256:…``; the same for every tag of one version.
    :param flavour: whose programs it has: ``debian``, ``ubuntu``, ``alpine``, ``busybox`` or ``static`` (one program).
    :param files: by absolute path.
    :param pull_seconds: how long a node takes to fetch it.
    """

    reference: str
    digest: str
    version: str
    flavour: str
    libc: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    programs: Mapping[str, Program]
    files: Mapping[str, Entry]
    user: str = "root"
    directory: str = "/"
    pull_seconds: float = 2.0
    size: int = 0
    layer: Layer = field(init=False, repr=False, compare=False)
    """The files, laid out once for all containers."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "layer", Layer({"/etc": DIRECTORY} | dict(self.files)))

    def argv(self, command: Sequence[str] = (), arguments: Sequence[str] = ()) -> tuple[str, ...]:
        """What a container runs: the Pod's ``command`` replaces the entrypoint and drops the image's own arguments."""
        if command:
            return (*command, *arguments)
        return (*self.entrypoint, *(arguments or self.command))

    def machine(
        self,
        *,
        name: str,
        hostname: str,
        sockets: Sockets,
        simulation: Simulation,
        environment: Mapping[str, str] | None = None,
        store: Store | None = None,
        network_files: Mapping[str, str] | None = None,
    ) -> Machine:
        """A fresh container's machine.

        :param network_files: what the kubelet puts into ``/etc`` besides the host's name: ``hosts``, ``resolv.conf``.
        """
        now = simulation.unix_time()
        own: dict[str, Entry | None] = {"/etc/hostname": Entry("file", f"{hostname}\n", modified=now)}
        for path, text in (network_files or {}).items():
            own[path] = Entry("file", text, modified=now)
        files = FileSystem(simulation.unix_time, self.layer, own)
        files.kernel = partial(kernel_file, sockets)
        home = "/root" if self.user == "root" else self.directory
        surroundings = {"PATH": DEFAULT_PATH, "HOSTNAME": hostname, "HOME": home}
        return Machine(
            name=name,
            hostname=hostname,
            files=files,
            sockets=sockets,
            programs=self.programs,
            simulation=simulation,
            environment={**surroundings, **self.environment, **(environment or {})},
            store=store,
            flavour=self.flavour,
            libc=self.libc,
            user=self.user,
            directory=self.directory,
        )


class _ImageFacts(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An image as the catalogue's file describes it."""

    name: str
    flavour: Literal["debian", "ubuntu", "alpine", "busybox", "static"]
    tags: dict[str, str | int | float]
    libc: Literal["glibc", "musl", "uclibc"] = "glibc"
    programs: list[str] = []
    extra_programs: list[str] = []
    files: list[str] = []
    entrypoint: list[str] = []
    command: list[str] = []
    environment: dict[str, str | int | float] = {}
    user: str = "root"
    directory: str = "/"
    stop_signal: str = "SIGTERM"
    pull_seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 2.0
    size: Annotated[int, msgspec.Meta(ge=0)] = 0


class _CatalogueFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The catalogue's file."""

    images: list[_ImageFacts]
    program_sets: dict[str, list[str]] = {}
    file_sets: dict[str, dict[str, str]] = {}

    def __post_init__(self) -> None:
        for image in self.images:
            unknown = {*image.programs} - {*self.program_sets} | {*image.files} - {*self.file_sets}
            if unknown:
                raise ValueError(f"the sets of image {image.name} must be in the file, got {min(unknown)}")
            for value in image.environment.values():
                if re.sub(r"\{version\}", "", str(value)) != re.sub("[{}]", "", re.sub(r"\{version\}", "", str(value))):
                    raise ValueError(f"a variable of image {image.name} may have {{version}} in braces, got {value!r}")


@dataclass(slots=True)
class ImageCatalogue:
    """The images that can be pulled."""

    document: Mapping[str, Any]
    _built: dict[str, Image] = field(default_factory=dict)
    _found: dict[str, Image | None] = field(default_factory=dict)
    """What each reference leads to, as people write it."""

    @classmethod
    def load(cls, path: Path = DATA / "images.yaml") -> ImageCatalogue:
        """Read a catalogue file."""
        return cls(read_yaml(path))

    @classmethod
    def of(cls, document: object) -> ImageCatalogue:
        """The catalogue that a file's document describes.

        :raises ValueError: where it does not describe one.
        """
        msgspec.convert(document, _CatalogueFile)
        return cls(cast("Mapping[str, Any]", document))

    def find(self, reference: str) -> Image | None:
        """The image that a reference names; None where no registry has it.

        :raises InvalidReferenceError: where the text is no reference (the kubelet: InvalidImageName).
        """
        if reference not in self._found:
            self._found[reference] = self._find(parse_reference(reference))
        return self._found[reference]

    def _find(self, parsed: Reference) -> Image | None:
        for entry in self.document["images"]:
            tag = self._tag(parsed, entry)
            if tag is not None:
                key = str(parsed)
                if key not in self._built:
                    self._built[key] = self._build(parsed, entry, str(entry["tags"][tag]))
                return self._built[key]
        return None

    def _tag(self, parsed: Reference, entry: Mapping[str, Any]) -> str | None:
        if entry["name"] != parsed.name:
            return None
        if parsed.digest:
            versions = entry["tags"].items()
            return next((tag for tag, version in versions if _digest(entry, str(version)) == parsed.digest), None)
        return parsed.tag if parsed.tag in entry["tags"] else None

    def pull_error(self, reference: str) -> str:
        """What containerd says when it cannot pull an image."""
        parsed = parse_reference(reference)
        start = f'failed to pull and unpack image "{parsed}": failed to resolve reference "{parsed}": '
        names = {entry["name"] for entry in self.document["images"]}
        if parsed.name in names:
            return f"rpc error: code = NotFound desc = {start}{parsed}: not found"
        registries = {name.split("/")[0] for name in names} | {"ghcr.io", "quay.io"}
        if parsed.registry not in registries:
            host = parsed.registry.split(":")[0]
            address = f"https://{parsed.registry}/v2/{parsed.path}/manifests/{parsed.tag or parsed.digest}"
            why = f'failed to do request: Head "{address}": dial tcp: lookup {host}: no such host'
            return f"{start}{why}"
        denied = "pull access denied, repository does not exist or may require authorization: server message: "
        return f"{start}{denied}insufficient_scope: authorization failed"

    def _build(self, parsed: Reference, entry: Mapping[str, Any], version: str) -> Image:
        sets = self.document["program_sets"]
        names = [name for group in entry.get("programs", ()) for name in sets[group]]
        extra = list(entry.get("extra_programs", ()))
        flavour = entry["flavour"]
        files: dict[str, Entry] = {"/tmp": Entry("directory", mode=0o1777, modified=BUILT)}
        for group in entry.get("files", ()):
            for path, text in self.document["file_sets"][group].items():
                files[path] = Entry("file", text, 0o644, BUILT)
        files |= skeleton(flavour, [*names, *extra])
        environment = {key: str(value).format(version=version) for key, value in entry.get("environment", {}).items()}
        return Image(
            reference=str(parsed),
            digest=_digest(entry, version),
            version=version,
            flavour=flavour,
            libc=entry.get("libc", "glibc"),
            entrypoint=tuple(entry.get("entrypoint", ())),
            command=tuple(entry.get("command", ())),
            environment=environment,
            programs=programs_named([*names, *extra], flavour),
            files=files,
            user=entry.get("user", "root"),
            directory=entry.get("directory", "/"),
            pull_seconds=float(entry.get("pull_seconds", 2.0)),
            size=int(entry.get("size", 0)),
        )


def skeleton(flavour: str, names: Sequence[str]) -> dict[str, Entry]:
    """The directories of a machine and its program files, so that ``ls`` and ``which`` find them."""
    files: dict[str, Entry] = {}
    directory = _PROGRAM_DIRECTORIES.get(flavour, "/usr/bin")
    if flavour != "static":
        for each in ("/dev", "/etc", "/home", "/mnt", "/opt", "/proc", "/root", "/run", "/srv", "/sys", "/tmp", "/usr"):
            files[each] = DIRECTORY
        files["/tmp"] = Entry("directory", mode=0o1777, modified=BUILT)
        files["/dev/null"] = Entry("file", mode=0o666, modified=BUILT)
        files["/var/tmp"] = Entry("directory", mode=0o1777, modified=BUILT)
    if directory == "/usr/bin":
        files["/usr/bin"] = files["/usr/sbin"] = DIRECTORY
        files["/bin"] = Entry("link", "usr/bin", 0o777, BUILT)
        files["/sbin"] = Entry("link", "usr/sbin", 0o777, BUILT)
    for name in names:
        where = "" if name.endswith("entrypoint.sh") else directory
        if name in ("nginx", "nginx-debug"):
            where = "/usr/sbin"
        files[f"{where}/{name}"] = Entry("file", "", 0o755, BUILT)
    return files


def _digest(entry: Mapping[str, Any], version: str) -> str:
    text = f"{entry['name']}/{entry['flavour']}/{entry.get('libc', '')}/{version}"
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
