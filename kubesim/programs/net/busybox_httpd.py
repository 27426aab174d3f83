"""busybox' ``httpd``: the files below a directory, one connection for each (as 1.35 of Debian serves them)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from kubesim.network.addresses import is_ipv4
from kubesim.network.network import ANY
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import REASONS, ClientHello, byte_length, http_date
from kubesim.programs.machine import Machine, Run
from kubesim.userland.command_line import program
from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Completed, Running

TYPES = {
    **dict.fromkeys(("htm", "html"), "text/html"),
    **dict.fromkeys(("jpg", "jpeg"), "image/jpeg"),
    "gif": "image/gif",
    "png": "image/png",
    "svg": "image/svg+xml",
    **dict.fromkeys(("txt", "h", "c", "cc", "cpp"), "text/plain"),
    "css": "text/css",
    "js": "application/javascript",
}
"""The types of files by their suffix; any other is ``application/octet-stream``."""
_WHY = {
    404: "The requested URL was not found",
    501: "The requested method is not recognized",
}


@dataclass(slots=True)
class BusyboxHttpd:
    """A running httpd.

    :param root: the directory that it serves.
    :param address: the one at which it listens; all of its machine's unless it is told one.
    """

    machine: Machine
    root: str
    address: str = ANY

    def handle(self, request: object, client: Client) -> object:
        """Answer with a file, and close the connection."""
        if isinstance(request, ClientHello):
            return "HTTP/1.1 400 Bad Request"
        if not isinstance(request, HttpRequest):
            return None
        if request.method not in ("GET", "HEAD"):
            return self._answer(501, request)
        path = absolute(unquote(request.target.partition("?")[0]).lstrip("/"), self.root)
        if self.machine.files.is_directory(path):
            if not request.target.partition("?")[0].endswith("/"):
                where = request.target.partition("?")[0] + "/"
                return self._answer(302, request, (("Location", where),))
            path = f"{path.rstrip('/')}/index.html"
        try:
            return self._file(path, request)
        except FileError:
            return self._answer(404, request)

    def _file(self, path: str, request: HttpRequest) -> HttpResponse:
        entry, text = self.machine.files.stat(path), self.machine.files.read(path)
        modified = datetime.fromtimestamp(entry.modified, UTC)
        headers = (
            *self._head(TYPES.get(path.rpartition(".")[2], "application/octet-stream")),
            ("Accept-Ranges", "bytes"),
            ("Last-Modified", http_date(modified)),
            ("ETag", f'"{int(entry.modified):x}-{byte_length(text):x}"'),
            ("Content-Length", str(byte_length(text))),
        )
        return HttpResponse(200, "OK", headers, "" if request.method == "HEAD" else text)

    def _answer(self, status: int, request: HttpRequest, more: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
        title = f"{status} {REASONS[status]}"
        body = ""
        if status in _WHY and request.method != "HEAD":
            head = f"<HTML><HEAD><TITLE>{title}</TITLE></HEAD>\n"
            body = f"{head}<BODY><H1>{title}</H1>\n{_WHY[status]}\n</BODY></HTML>\n"
        return HttpResponse(status, REASONS[status], (*self._head("text/html"), *more), body)

    def _head(self, content_type: str) -> tuple[tuple[str, str], ...]:
        now = http_date(self.machine.datetime())
        return ("Date", now), ("Connection", "close"), ("Content-type", content_type)


@program("fiv", "pchrmude")
def busybox_httpd(run: Run) -> Completed | Running:
    """``httpd [-f] [-p [IP:]PORT] [-h HOME]``; without ``-f`` it goes on in the background."""
    given = run.options.get("p", "80")
    host, _, port = given.rpartition(":")
    if not is_number(port) or not 0 < whole_number(port) < 65536 or not (host == "" or is_ipv4(host)):
        return Completed("", f"httpd: bad address '{given}'\n", 1)
    root = run.path(run.options.get("h", "."))
    if not run.files.is_directory(root):
        return Completed("", f"httpd: can't change directory to '{run.options['h']}': No such file or directory\n", 1)
    server = BusyboxHttpd(run.machine, root, host or ANY)
    if run.on("f"):
        return Running({("TCP", int(port)): server}, [], 0.1)
    try:
        run.machine.listen("TCP", int(port), server)
    except OSError:
        return Completed("", "httpd: bind: Address already in use\n", 1)
    return Completed()
