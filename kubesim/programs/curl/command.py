"""The program ``curl``: URLs one after the other, where their bodies go, retries, and the exit status."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from kubesim.programs.curl import meter
from kubesim.programs.curl.location import Location, LocationError, expand_globs, parse_location
from kubesim.programs.curl.options import HELP, VERSION, Options, UsageError, parse
from kubesim.programs.curl.session import CutError, Result, Session
from kubesim.programs.curl.transfer import transfer
from kubesim.programs.curl.write_out import render
from kubesim.programs.http import byte_length, head_text
from kubesim.programs.machine import Invocation
from kubesim.userland.core.wrappers import start_inside
from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.process import Completed, Running

_TRANSIENT = (408, 429, 500, 502, 503, 504)
_HINT = "curl: try 'curl --help' or 'curl --manual' for more information\n"


def curl(invocation: Invocation) -> Completed:
    """Transfer URLs."""
    try:
        options = parse(invocation.argv[1:])
        if options.on("help"):
            return Completed(HELP)
        if options.on("version"):
            return Completed(VERSION)
        if not options.urls:
            raise UsageError("(2) no URL specified")
        method, body = _request_kind(invocation, options)
    except UsageError as error:
        message = f"curl: {error.message}\n" + (_HINT if error.hint else "") if error.message else ""
        return Completed("", message, error.status)
    session = Session(invocation, options)
    _known_addresses(session)
    status = 0
    number = 0
    for text in options.urls:
        try:
            expanded = [text] if options.on("globoff") else expand_globs(text)
            locations = [replace(parse_location(each), typed=each) for each in expanded]
        except LocationError as error:
            status = error.status
            _complain(session, Result(parse_location("http://invalid"), error.status, error.message))
            continue
        for location in locations:
            try:
                status = _one(session, location, method, body, _output(session, number, location))
            except CutError:
                session.close()
                return Completed(session.stdout, session.stderr, 143, session.elapsed)
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
    while True:
        try:
            result = transfer(session, location, method, headers, body)
        except LocationError as error:
            result = Result(location, error.status, error.message)
        result.retries = attempt
        failed_to_write = _deliver(session, result, output)
        if failed_to_write:
            result.exit_code, result.message = 23, failed_to_write
        problem = _transient(options, result)
        if attempt >= retries or problem is None:
            break
        if result.exit_code:
            _complain(session, result)
        pause = options.number("retry-delay") or float(min(2**attempt, 600))
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
        printed, to_stderr, complaints = render(template, result)
        session.stdout += printed
        session.stderr += to_stderr + complaints
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


def _output(session: Session, number: int, location: Location) -> str | None:
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
        session.say(f"Added {host}:{port}:{addresses} to DNS cache")


def _request_kind(invocation: Invocation, options: Options) -> tuple[str, str | None]:
    body: str | None = None
    if options.data:
        body = _body(invocation, options)
    if options.forms:
        body = "&".join(options.forms)
    if options.on("head") and body is not None and not options.on("get"):
        if not options.on("silent"):
            text = "Warning: You can only select one HTTP request method! POST (-d, --data) and HEAD \n"
            text += "Warning: (-I, --head).\n"
            raise UsageError(text.removeprefix("curl: "), 2, hint=False)
        raise UsageError("", 2, hint=False)
    method = "GET"
    if options.on("head"):
        method = "HEAD"
    elif body is not None and not options.on("get"):
        method = "POST"
    if "upload-file" in options.values:
        method = "PUT"
        body = _read(invocation, options.values["upload-file"], "-T")
    return options.values.get("request", method), body


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
    encoded = quote(content, safe="-._~")
    return f"{name}={encoded}" if name else encoded


def _read(invocation: Invocation, path: str, option: str) -> str:
    if path == "-":
        return invocation.stdin
    try:
        return invocation.machine.files.read(absolute(path, invocation.directory))
    except FileError as error:
        raise UsageError(f"option {option}: error encountered when reading a file", 26) from error
