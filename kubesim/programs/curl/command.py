"""The program ``curl``: URLs one after the other, where their bodies go, retries, and the exit status."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from urllib.parse import quote

from kubesim.programs.curl import meter
from kubesim.programs.curl.location import Location, LocationError, expand_globs, parse_location
from kubesim.programs.curl.options import VERSION, Options, UsageError, help_text, parse
from kubesim.programs.curl.session import CutError, Result, Session
from kubesim.programs.curl.transfer import boundary_of, transfer
from kubesim.programs.curl.write_out import render
from kubesim.programs.http import byte_length, head_text
from kubesim.programs.machine import Invocation
from kubesim.userland.core.wrappers import start_inside
from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.process import Completed, Running

LINE = 79
"""How wide curl takes a terminal to be."""
_TRANSIENT = (408, 429, 500, 502, 503, 504)
_HINT = "curl: try 'curl --help' or 'curl --manual' for more information\n"


def curl(invocation: Invocation) -> Completed:
    """Transfer URLs."""
    try:
        options = parse(_with_config(invocation))
        if options.on("manual"):
            raise UsageError("the manual is not simulated", hint=False)
        if options.on("help"):
            return Completed(help_text(options.values.get("help", "")))
        if options.on("version"):
            return Completed(VERSION)
        if len(invocation.argv) == 1:
            return Completed("", _HINT, 2)
        if not options.urls:
            raise UsageError("(2) no URL specified")
        method, body = _request_kind(invocation, options)
    except UsageError as error:
        if error.plain:
            return Completed("", error.message, error.status)
        message = f"curl: {error.message}\n" + (_HINT if error.hint else "") if error.message else ""
        return Completed("", message, error.status)
    session = Session(invocation, options)
    _known_addresses(session)
    status = 0
    number = 0
    for text in options.urls:
        try:
            expanded = iter([(text, ())]) if options.on("globoff") else expand_globs(text)
            as_is = options.on("path-as-is")
            locations = ((replace(parse_location(url, as_is=as_is), typed=url), parts) for url, parts in expanded)
            following = next(locations, None)
        except LocationError as error:
            status = error.status
            _complain(session, Result(parse_location("http://invalid"), error.status, error.message))
            continue
        while following is not None:
            invocation.machine.simulation.gate.turn.work()
            location, parts = following
            try:
                status = _one(session, location, method, body, _output(session, number, location, parts))
                following = next(locations, None)
            except LocationError as error:
                status, following = error.status, None
                _complain(session, Result(parse_location("http://invalid"), error.status, error.message))
            except CutError:
                session.close()
                return Completed(session.stdout, session.stderr, 143, session.elapsed)
            if session.elapsed > invocation.patience:
                session.close()
                return Completed(session.stdout, session.stderr, status, math.inf)
            session.transfers += 1
            if status and options.on("fail-early"):
                session.close()
                return Completed(session.stdout, session.stderr, status, session.elapsed)
        number += 1
    session.close()
    return Completed(session.stdout, session.stderr, status, session.elapsed)


def _one(session: Session, location: Location, method: str, body: str | None, output: str | None) -> int:
    options = session.options
    headers = list(options.headers)
    if any(kind == "json" for kind, _ in options.data):
        named = {each.split(":")[0].lower() for each in headers}
        headers += [f"{name}: application/json" for name in ("Content-Type", "Accept") if name.lower() not in named]
    if body is not None and options.on("get"):
        location, body = (location.with_query(body) if body else location), None
    if "url-query" in options.values:
        location = location.with_query(options.values["url-query"])
    retries = int(options.number("retry"))
    session.metered = False
    attempt = 0
    begun = session.elapsed
    while True:
        try:
            result = transfer(session, location, method, headers, body)
        except LocationError as error:
            result = Result(location, error.status, error.message)
        result.retries = attempt
        result.number = session.transfers
        failed_to_write = _deliver(session, result, output)
        if failed_to_write:
            result.exit_code, result.message = 23, failed_to_write
        problem = _transient(options, result)
        pause = options.number("retry-delay") or float(min(2**attempt, 600))
        most = options.number("retry-max-time")
        if most and session.elapsed - begun + pause >= most:
            problem = None
        if session.elapsed > session.invocation.patience:
            problem = None
        if attempt >= retries or problem is None:
            break
        if result.exit_code:
            _complain(session, result)
        left = retries - attempt
        if not options.on("silent"):
            many = "ies" if left > 1 else "y"
            unit = "second" if pause == 1 else "seconds"
            session.stderr += (
                f"Warning: Problem {problem}. Will retry in {int(pause)} {unit}. {left} retr{many} left.\n"
            )
        session.elapsed += pause
        session.meter(meter.line())
        session.metered = True
        attempt += 1
    if result.exit_code:
        _complain(session, result)
    if "write-out" in options.values:
        template = options.values["write-out"]
        if template.startswith("@"):
            template = _read(session.invocation, template[1:], "-w")
        written = render(template, result)
        session.stdout += written.stdout
        session.stderr += written.stderr + written.complaints
        for path, printed in written.files.items():
            session.machine.files.write(absolute(path, session.invocation.directory), printed)
    return result.exit_code


def _transient(options: Options, result: Result) -> str | None:
    """Why a failed transfer is tried again, or None."""
    if result.exit_code == 28:
        return ": timeout"
    if result.exit_code == 7 and options.on("retry-connrefused"):
        return ": connection refused"
    if result.exit_code in (0, 22) and result.status in _TRANSIENT:
        return ": HTTP error"
    if result.exit_code and options.on("retry-all-errors"):
        return "(retrying all errors)"
    return None


def _deliver(session: Session, result: Result, output: str | None) -> str:
    """Put a body where it belongs; what is said where that fails."""
    options = session.options
    files = session.machine.files
    text = result.shown + result.body
    if "dump-header" in options.values and result.response:
        path = options.values["dump-header"]
        if path == "-":
            session.stdout += head_text(result.response)
        else:
            files.write(absolute(path, session.invocation.directory), head_text(result.response))
    if output is None or output == "-":
        session.stdout += text
        return ""
    result.shown = output
    if result.response is None and not text:
        return ""
    path = absolute(output, session.invocation.directory)
    try:
        if options.on("create-dirs"):
            files.make_directory(path.rsplit("/", 1)[0] or "/", parents=True)
        files.write(path, text)
    except FileError as error:
        if not options.on("silent"):
            session.stderr += f"Warning: Failed to open the file {output}: {error.reason}\n"
        return f"client returned ERROR on write of {byte_length(text)} bytes"
    return ""


def _output(session: Session, number: int, location: Location, parts: tuple[str, ...]) -> str | None:
    options = session.options
    if options.on("remote-name-all") and not options.outputs:
        named: str | None = None
    elif number < len(options.outputs):
        named = options.outputs[number]
    else:
        return None
    if named is None:
        named = location.path.partition("?")[0].rsplit("/", 1)[-1]
        if not named:
            named = "curl_response"
            if not options.on("silent"):
                session.stderr += 'Warning: No remote file name, uses "curl_response"\n'
    for position, part in enumerate(parts, 1):
        named = named.replace(f"#{position}", part)
    directory = options.values.get("output-dir")
    return f"{directory}/{named}" if directory else named


def _complain(session: Session, result: Result) -> None:
    options = session.options
    if not options.on("silent") or options.on("show-error"):
        session.stderr += f"curl: ({result.exit_code}) {result.message}\n"


def _known_addresses(session: Session) -> None:
    for entry in session.options.resolve:
        host, port, addresses = entry.lstrip("+").split(":", 2)
        session.addresses[host, int(port)] = tuple(address.strip("[]") for address in addresses.split(","))
        kept = " (non-permanent)" if entry.startswith("+") else ""
        session.say(f"Added {host}:{port}:{addresses} to DNS cache{kept}")


def _request_kind(invocation: Invocation, options: Options) -> tuple[str, str | None]:
    body: str | None = None
    asked = [
        kind
        for kind, wanted in (
            ("PUT (-T, --upload-file)", "upload-file" in options.values),
            ("POST (-d, --data)", bool(options.data) and not options.on("get")),
            ("HEAD (-I, --head)", options.on("head")),
            ("multipart formpost (-F, --form)", bool(options.forms)),
        )
        if wanted
    ]
    if len(asked) > 1:
        told = f"You can only select one HTTP request method! You asked for both {asked[0]} and {asked[1]}."
        raise UsageError("" if options.on("silent") else warning(told), 2, hint=False, plain=True)
    if options.data:
        body = _body(invocation, options)
    if options.forms:
        body = multipart(invocation, options)
    method = "GET"
    if options.on("head"):
        method = "HEAD"
    elif body is not None and not options.on("get"):
        method = "POST"
    if "upload-file" in options.values:
        method = "PUT"
        body = _upload(invocation, options.values["upload-file"])
    return options.values.get("request", method), body


def warning(text: str) -> str:
    """A warning, broken into lines as curl breaks it."""
    lines: list[str] = []
    room = LINE - len("Warning: ")
    while len(text) > room:
        cut = text.rfind(" ", 0, room) + 1 or room
        lines.append(text[:cut])
        text = text[cut:]
    return "".join(f"Warning: {line}\n" for line in [*lines, text])


def _with_config(invocation: Invocation) -> list[str]:
    """The words, those of ``-K FILE`` in its place: each line an option, its dashes and the equals sign optional."""
    words = list(invocation.argv[1:])
    for position, word in enumerate(words[:-1]):
        if word in ("-K", "--config"):
            path = words[position + 1]
            try:
                text = invocation.read(path)
            except FileError:
                told = f"cannot read config from '{path}'\ncurl: option {word}: error encountered when reading a file"
                raise UsageError(told, 26) from None
            found: list[str] = []
            for line in text.splitlines():
                match = re.match(r"\s*(-{0,2})([^\s=:#]+)\s*[=:]?\s*(.*)", line)
                if match:
                    dashes = match[1] or "--"
                    value = match[3].strip()
                    found.append(dashes + match[2])
                    found += [value[1:-1].replace('\\"', '"')] if value.startswith('"') else [value] if value else []
            return [*words[:position], *found, *words[position + 2 :]]
    return words


def _upload(invocation: Invocation, path: str) -> str:
    if path in ("-", "."):
        return invocation.stdin
    try:
        return invocation.machine.files.read(absolute(path, invocation.directory))
    except FileError:
        told = f"cannot open '{path}'\n{_HINT}curl: (26) Failed to open/read local data from file/application"
        raise UsageError(told, 26, hint=False) from None


def multipart(invocation: Invocation, options: Options) -> str:
    """The parts of ``-F``; ``@FILE`` sends a file, ``<FILE`` its text."""
    boundary = boundary_of(options)
    text = ""
    for form in options.forms:
        name, _, value = form.partition("=")
        head = f'Content-Disposition: form-data; name="{name}"'
        if value[:1] in ("@", "<"):
            path, _, kind = value[1:].partition(";type=")
            try:
                content = invocation.machine.files.read(absolute(path, invocation.directory))
            except FileError:
                told = "(26) Failed to open/read local data from file/application"
                raise UsageError(told, 26, hint=False) from None
            if value[0] == "@":
                head += f'; filename="{path.rsplit("/", 1)[-1]}"'
                head += f"\r\nContent-Type: {kind or 'application/octet-stream'}"
            value = content
        text += f"--{boundary}\r\n{head}\r\n\r\n{value}\r\n"
    return f"{text}--{boundary}--\r\n"


def _body(invocation: Invocation, options: Options) -> str:
    parts: list[str] = []
    for kind, value in options.data:
        if kind == "data-urlencode":
            parts.append(_urlencoded(invocation, value))
            continue
        text = value
        if value.startswith("@") and kind != "data-raw":
            text = _read(invocation, value[1:], "-d" if kind == "data" else f"--{kind}")
            if kind in ("data", "data-ascii"):
                text = text.replace("\r", "").replace("\n", "")
        parts.append(text)
    joint = "" if all(kind == "json" for kind, _ in options.data) else "&"
    return joint.join(parts)


def curl_entrypoint(invocation: Invocation) -> Completed | Running:
    """The entrypoint of curlimages/curl: options and URLs are curl's, a program's name runs that program."""
    words = list(invocation.argv[1:])
    if not words or words[0].startswith("-") or words[0] not in invocation.machine.programs:
        words = ["curl", *words]
    return start_inside(invocation, words)


def _urlencoded(invocation: Invocation, value: str) -> str:
    name, equals, content = value.partition("=")
    if not equals and "@" in value:
        name, _, path = value.partition("@")
        content = _read(invocation, path, "--data-urlencode")
    elif not equals:
        name, content = "", value
    encoded = quote(content, safe="-._~").replace("%20", "+")
    return f"{name}={encoded}" if name else encoded


def _read(invocation: Invocation, path: str, option: str) -> str:
    try:
        return invocation.read(path)
    except FileError as error:
        silent = any(re.match(r"-[A-Za-z]*s|--silent", word) for word in invocation.argv[1:])
        opened = "" if silent else f"Failed to open {path}\ncurl: "
        raise UsageError(f"{opened}option {option}: error encountered when reading a file", 26) from error
