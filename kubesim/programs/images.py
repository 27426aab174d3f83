"""The image catalogue: which images can be pulled, and what a container of each has and runs.

``data/images.yaml`` holds the facts. What it does not describe is pulled all the same where a registry would have it:
Docker's official images by their names, what has an owner or a registry by its name's form. Such an image has a
stand-in for its program (:mod:`kubesim.programs.stand_in`). An image's programs and files are shared by all its
containers; a container gets a :class:`~kubesim.userland.machine.Machine` of its own over them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, cast

import msgspec

from kubesim.api.store import Store
from kubesim.data_directory import DATA, read_yaml
from kubesim.network.addresses import is_ipv4
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

Flavour: TypeAlias = Literal["debian", "ubuntu", "alpine", "busybox", "static"]
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
    :param stand_in: whether its own program is a stand-in, for want of a description.
    :param ports: what it exposes, where a manifest declares no ports; known of images with a stand-in.
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
    stand_in: bool = False
    ports: tuple[int, ...] = ()
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
            image_version=self.version,
        )


class _ImageFacts(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An image as the catalogue's file describes it."""

    name: str
    flavour: Flavour
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


class _UnlistedFacts(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is known of images that the file does not describe."""

    official: dict[Flavour, dict[str, list[int]]] = {}
    exposed: dict[str, list[int]] = {}
    extra_programs: dict[str, list[str]] = {}
    systems: list[str] = []
    others: dict[Flavour, list[str]] = {}


class _CatalogueFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The catalogue's file."""

    images: list[_ImageFacts]
    moved: dict[str, str] = {}
    unlisted: _UnlistedFacts = msgspec.field(default_factory=_UnlistedFacts)
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
        key = str(parsed)
        if key not in self._built:
            image = self._listed(parsed) if self._describes(self._present_name(parsed)) else self._unlisted(parsed)
            if image is None:
                return None
            self._built[key] = image
        return self._built[key]

    def _present_name(self, parsed: Reference) -> str:
        """The repository that a reference leads to, where its registry has sent people on to another."""
        for old, new in (self.document.get("moved") or {}).items():
            if parsed.name.startswith(f"{old}/"):
                return f"{new}/{parsed.name.removeprefix(f'{old}/')}"
        return parsed.name

    def _describes(self, name: str) -> bool:
        return any(entry["name"] == name for entry in self.document["images"])

    def _listed(self, parsed: Reference) -> Image | None:
        """The image of a repository that the file describes; a tag may name a version that it does not list."""
        name = self._present_name(parsed)
        entries = [entry for entry in self.document["images"] if entry["name"] == name]
        for entry in entries:
            version = _listed_version(parsed, entry)
            if version is not None:
                return self._build(parsed, entry, version)
        wanted = next(
            (entry for entry in entries if _wants(entry["flavour"], entry.get("libc", ""), parsed.tag)), entries[0]
        )
        version = _version_of(parsed.tag, wanted["tags"])
        return None if version is None else self._build(parsed, wanted, version)

    def _unlisted(self, parsed: Reference) -> Image | None:
        """What stands in for an image that the file does not describe; None where no registry has such a one."""
        known = self.document.get("unlisted") or {}
        flavour, ports, command = "static", (), ("/entrypoint",)
        if parsed.name.startswith("docker.io/library/"):
            name = parsed.path.removeprefix("library/")
            if name in known.get("systems", ()):
                flavour, command = "debian", ("bash",)
            else:
                official = known.get("official", {}).items()
                found = [(each, repositories[name]) for each, repositories in official if name in repositories]
                if not found:
                    return None
                flavour, ports = found[0][0], tuple(found[0][1])
        elif not is_public(parsed.registry):
            return None
        else:
            others = known.get("others", {}).items()
            prefixes = [(each, prefix) for each, names in others for prefix in names]
            flavour = next((each for each, prefix in prefixes if f"{parsed.name}/".startswith(f"{prefix}/")), flavour)
            ports = tuple(known.get("exposed", {}).get(parsed.name, ()))
        if flavour == "debian" and "alpine" in parsed.tag:
            flavour = "alpine"
        measure = int(hashlib.sha256(parsed.name.encode()).hexdigest()[:6], 16) % 100
        entry: dict[str, Any] = {
            "name": parsed.name,
            "flavour": flavour,
            "libc": "musl" if flavour == "alpine" else "glibc",
            "programs": [] if flavour == "static" else [flavour],
            "files": [] if flavour == "static" else [flavour],
            "extra_programs": (known.get("extra_programs") or {}).get(parsed.name, []),
            "command": command,
            "size": (10 + measure) * 1_000_000,
            "pull_seconds": round(1.0 + measure / 25, 1),
        }
        image = self._build(parsed, entry, parsed.tag or parsed.digest)
        digest = parsed.digest or image.digest
        return dataclasses.replace(image, digest=digest, stand_in=command[0] != "bash", ports=ports)

    def pull_error(self, reference: str) -> str:
        """What containerd says when it cannot pull an image."""
        parsed = parse_reference(reference)
        start = f'failed to pull and unpack image "{parsed}": failed to resolve reference "{parsed}": '
        if self._describes(self._present_name(parsed)):
            return f"rpc error: code = NotFound desc = {start}{parsed}: not found"
        if not is_public(parsed.registry):
            host = parsed.registry.split(":")[0]
            scheme = "http" if host == "localhost" else "https"
            address = f"{scheme}://{parsed.registry}/v2/{parsed.path}/manifests/{parsed.tag or parsed.digest}"
            why = f": lookup {host}: no such host"
            port = parsed.registry.partition(":")[2] or {"http": "80", "https": "443"}[scheme]
            if host == "localhost":
                why = f" [::1]:{port}: connect: connection refused"
            elif is_ipv4(host):
                why = f" {host}:{port}: i/o timeout"
            return f'{start}failed to do request: Head "{address}": dial tcp{why}'
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
        files |= skeleton(flavour, [*names, *(name.partition("=")[0] for name in extra)])
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
            programs=programs_named(names, flavour, extra),
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
        files[name if name.startswith("/") else f"{where}/{name}"] = Entry("file", "", 0o755, BUILT)
    return files


_VERSIONED = re.compile(r"(v?)(\d+(?:\.\d+){0,2})(?:-([a-z0-9.-]+))?\Z")
_VARIANTS = re.compile(
    r"(?:(?:alpine|musl|glibc|uclibc|slim|perl|otel|trixie|bookworm|bullseye|buster|stretch)[0-9.]*-?)+\Z"
)


def _listed_version(parsed: Reference, entry: Mapping[str, Any]) -> str | None:
    """The version that a reference means in an entry's own tags; None where it has none."""
    if parsed.digest:
        versions = [str(version) for version in entry["tags"].values()]
        named = next((version for version in versions if _digest(entry, version) == parsed.digest), None)
        if named is not None or not parsed.tag:
            return named
    return str(entry["tags"][parsed.tag]) if parsed.tag in entry["tags"] else None


LATER_MINORS = 10
"""How many minor versions may have come out since the catalogue was written."""


def _version_of(tag: str, tags: Mapping[str, Any]) -> str | None:
    """The version of a tag that a catalogue's entry does not list: one up to its newest, or little above, spelt as its
    tags are.
    """
    written = _VERSIONED.match(tag)
    listed = [found for found in map(_VERSIONED.match, tags) if found is not None]
    if written is None or not any(found[1] == written[1] for found in listed):
        return None
    if written[3] and not _VARIANTS.match(written[3]):
        return None
    number = [int(part) for part in written[2].split(".")]
    known = [found for found in map(_VERSIONED.match, map(str, tags.values())) if found is not None]
    newest = max([int(part) for part in found[2].split(".")] for found in known)
    if len(newest) > 1:
        newest[1] += LATER_MINORS
    return written[2] if number <= newest else None


def _wants(flavour: str, libc: str, tag: str) -> bool:
    """Whether a tag's name asks for what an entry is made of."""
    return {"alpine": "alpine" in tag, "busybox": libc == "musl" and "musl" in tag}.get(flavour, False)


_RESERVED = frozenset({"local", "localhost", "localdomain", "internal", "intranet", "lan", "corp", "home", "private"})
"""Top-level names that no public registry can have, besides those that RFC 2606 reserves."""
_RFC_2606 = re.compile(r"(?:.*\.)?(?:test|example|invalid|example\.(?:com|net|org))\Z")


def is_public(registry: str) -> bool:
    """Whether a registry's name can be found in the public DNS."""
    host = registry.partition(":")[0]
    top = host.rpartition(".")[2]
    return "." in host and top.isalpha() and top not in _RESERVED and _RFC_2606.match(host) is None


def _digest(entry: Mapping[str, Any], version: str) -> str:
    text = f"{entry['name']}/{entry['flavour']}/{entry.get('libc', '')}/{version}"
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
