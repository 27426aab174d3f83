"""``curl -w``: the variables of a transfer, and the JSON of all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

from kubesim.programs.curl.session import Result
from kubesim.programs.http import header

_LIBRARY = "libcurl/8.14.1 OpenSSL/3.5.7 zlib/1.3.1 brotli/1.1.0 zstd/1.5.7 libidn2/2.3.8 libpsl/0.21.2 "
_LIBRARY += "libssh2/1.11.1 nghttp2/1.64.0 nghttp3/1.8.0 librtmp/2.3 OpenLDAP/2.6.10"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def _seconds(get: Callable[[Result], float]) -> Callable[[Result], str]:
    return lambda result: f"{get(result):.6f}"


def _speed(count: int, result: Result) -> int:
    return int(count / result.timings.total) if result.timings.total > 0 else 0


def _content_type(result: Result) -> str:
    return (header(result.response.headers, "Content-Type") if result.response else None) or ""


VARIABLES: dict[str, Callable[[Result], object]] = {
    "content_type": _content_type,
    "errormsg": lambda result: result.message,
    "exitcode": lambda result: result.exit_code,
    "filename_effective": lambda result: result.shown,
    "http_code": lambda result: f"{result.status:03d}",
    "http_connect": lambda result: "000",
    "http_version": lambda result: "1.1" if result.response else "0",
    "local_ip": lambda result: result.local[0] if result.local else "",
    "local_port": lambda result: result.local[1] if result.local else 0,
    "method": lambda result: result.request.method if result.request else "GET",
    "num_connects": lambda result: result.connects,
    "num_headers": lambda result: len(result.response.headers) if result.response else 0,
    "num_redirects": lambda result: result.redirects,
    "num_retries": lambda result: result.retries,
    "onerror": lambda result: "",
    "redirect_url": lambda result: result.redirect_url,
    "referer": lambda result: (header(result.request.headers, "Referer") if result.request else None) or "",
    "remote_ip": lambda result: result.remote[0] if result.remote else "",
    "remote_port": lambda result: result.remote[1] if result.remote else 0,
    "response_code": lambda result: f"{result.status:03d}",
    "scheme": lambda result: result.location.scheme,
    "size_download": lambda result: result.received,
    "size_header": lambda result: result.header_bytes,
    "size_request": lambda result: result.request_bytes,
    "size_upload": lambda result: result.sent,
    "speed_download": lambda result: _speed(result.received, result),
    "speed_upload": lambda result: _speed(result.sent, result),
    "ssl_verify_result": lambda result: result.verification,
    "time_appconnect": _seconds(lambda result: result.timings.tls),
    "time_connect": _seconds(lambda result: result.timings.connect),
    "time_namelookup": _seconds(lambda result: result.timings.name_lookup),
    "time_pretransfer": _seconds(lambda result: result.timings.pre_transfer),
    "time_redirect": _seconds(lambda result: result.timings.redirect),
    "time_starttransfer": _seconds(lambda result: result.timings.start_transfer),
    "time_total": _seconds(lambda result: result.timings.total),
    "url": lambda result: result.location.typed,
    "url_effective": lambda result: result.location.text,
    "urlnum": lambda result: result.number,
    "certs": lambda result: "",
    "conn_id": lambda result: max(0, result.connects - 1),
    "num_certs": lambda result: int(result.timings.tls > 0),
}
"""Each variable's value; numbers and texts as curl prints them."""


class Written(NamedTuple):
    """A filled template.

    :param stderr: what ``%{stderr}`` sent there; ``files`` what ``%output{FILE}`` did.
    :param complaints: about unknown variables.
    """

    stdout: str
    stderr: str
    complaints: str
    files: dict[str, str]


def render(template: str, result: Result) -> Written:
    """Fill a template."""
    streams = {"stdout": "", "stderr": ""}
    parts = url_parts(result)
    target = "stdout"
    complaints = ""
    position = 0
    while position < len(template):
        character = template[position]
        if character == "\\" and position + 1 < len(template):
            following = template[position + 1]
            streams[target] += _ESCAPES.get(following, "\\" + following)
            position += 2
            continue
        if template.startswith("%%", position):
            streams[target] += "%"
            position += 2
            continue
        match = re.compile(r"%(header|output)?\{([^}]*)\}").match(template, position)
        if match is None:
            streams[target] += character
            position += 1
            continue
        name = match[2]
        if match[1] == "output":
            target = f"/file{name}"
            streams.setdefault(target, "")
        elif match[1]:
            streams[target] += (header(result.response.headers, name) if result.response else None) or ""
        elif name in streams:
            target = name
        elif name == "json":
            streams[target] += as_json(result)
        elif name == "header_json":
            streams[target] += _headers_json(result)
        elif name == "onerror":
            if result.exit_code == 0:
                break
        elif name in VARIABLES:
            streams[target] += str(VARIABLES[name](result))
        elif name.partition(".")[0] in ("url", "urle") and name.partition(".")[2] in parts:
            streams[target] += str(parts[name.partition(".")[2]] or "")
        else:
            complaints += f"curl: unknown --write-out variable: '{name}'\n"
        position = match.end()
    files = {name.removeprefix("/file"): text for name, text in streams.items() if name.startswith("/file")}
    return Written(streams["stdout"], streams["stderr"], complaints, files)


def url_parts(result: Result) -> dict[str, str | None]:
    """The parts of the URL, as ``%{url.host}`` and its like name them."""
    location = result.location
    path, _, query = location.path.partition("?")
    return {
        "fragment": location.fragment or None,
        "host": location.host,
        "options": None,
        "password": None,
        "path": path,
        "port": str(location.port),
        "query": query or None,
        "scheme": location.scheme,
        "user": location.user,
        "zoneid": None,
    }


def as_json(result: Result) -> str:
    """``%{json}``: every variable, sorted, with the parts of the URL."""
    parts = url_parts(result)
    values: dict[str, object] = {"ftp_entry_path": None, "proxy_used": 0}
    values |= {"proxy_ssl_verify_result": 0, "tls_earlydata": 0, "xfer_id": 0}
    values |= {name: get(result) for name, get in VARIABLES.items() if name != "onerror"}
    values |= {"http_code": result.status, "response_code": result.status, "http_connect": 0}
    values["time_posttransfer"] = values["time_pretransfer"]
    values["time_queue"] = "0.000050"
    for name in ("errormsg", "redirect_url", "referer", "filename_effective"):
        values[name] = values[name] or None
    values |= {f"url.{name}": value for name, value in parts.items()}
    values |= {f"urle.{name}": value for name, value in parts.items()}
    ordered = dict(sorted(values.items(), key=lambda item: item[0]))
    ordered["curl_version"] = _LIBRARY
    texts = []
    for name, value in ordered.items():
        shown = str(value) if name.startswith("time_") else json.dumps(value, ensure_ascii=False)
        texts.append(f"{json.dumps(name)}:{shown}")
    return "{" + ",".join(texts) + "}"


def _headers_json(result: Result) -> str:
    grouped: dict[str, list[str]] = {}
    for name, value in result.response.headers if result.response else ():
        grouped.setdefault(name.lower(), []).append(value)
    return (
        "{" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in grouped.items()) + "\n}"
    )
