"""The only way to the network: GET over https, of a whole file from where it broke off, or of a range of it.

GDAL's own network stays switched off (:mod:`hazardmap.catalog.gdal`): what it reads over HTTP it reads through a file
object of ours. Only ``https`` is followed, from one hop to the next; ``http`` only where address and every hop are
this machine, for tests and local servers.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from hazardmap.errors import FileError
from hazardmap.files import format_by, require_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Remote", "answer", "is_address", "require_address"]

HOPS = 5
TIMEOUT_S = (10, 60)
BLOCK = 1 << 16
BLOCKS = 512
_LOCAL = ("localhost", "127.0.0.1", "::1")


def is_address(text: str) -> bool:
    """Whether a path is an address that can be read in place.

    Examples
    --------
    >>> is_address("https://example.org/a.tif"), is_address("/vsicurl/https://example.org/a.tif")
    (True, False)
    """
    return text.startswith(("https://", "http://"))


def require_address(url: str) -> str:
    """Return an address that may be asked.

    Raises
    ------
    FileError
        When it is not ``https`` (or ``http`` of this machine), or carries a password.

    Examples
    --------
    >>> require_address("https://example.org/a.tif")
    'https://example.org/a.tif'
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL)):
        raise FileError(f"the address {url[:200]!r} is not https; expected https://...; correct the card")
    if parts.username is not None or parts.password is not None:
        raise FileError(f"the address at {host} carries a name or password; expected none; remove it from the card")
    return url


@contextmanager
def answer(url: str, headers: Mapping[str, str]) -> Iterator[Any]:
    """Give the answer of a server, after redirects that lead nowhere else than an address may.

    Raises
    ------
    FileError
        When a redirect leads to what may not be asked, or round and round.
    requests.RequestException
        When the server cannot be reached.
    """
    import requests

    first = require_address(url)
    with requests.Session() as session:
        for _ in range(HOPS + 1):
            found = session.get(
                url,
                headers={"Accept-Encoding": "identity", "User-Agent": "hazardmap", **headers},
                stream=True,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
            with found:
                if not found.is_redirect:
                    yield found
                    return
                url = require_address(urljoin(url, found.headers["Location"]))
                if urlsplit(url).scheme != urlsplit(first).scheme:
                    raise FileError(
                        f"{first} redirects to {url[:200]!r}; expected {urlsplit(first).scheme}; correct it"
                    )
    raise FileError(f"{first} redirects more than {HOPS} times; expected the file; look at it in a browser")


class Remote:
    """A file on a web server, of which parts are asked for when they are needed and kept for a while.

    Parameters
    ----------
    url : str

    Raises
    ------
    FileError
        When the server cannot be reached, gives no parts (HTTP range requests), or the file is too large.
    """

    def __init__(self, url: str) -> None:
        self.url = require_address(url)
        self._lock = threading.Lock()
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._mark: str | None = None
        self.size = -1
        self.size = self._ask(0)
        require_below(self.size, "FILE_BYTES", what=f"bytes in {url}")

    @staticmethod
    @lru_cache(maxsize=8)
    def at(url: str) -> Remote:
        """Return the file at an address; asked once for the process."""
        return Remote(url)

    def __reduce__(self) -> tuple[Any, ...]:
        """Have copies, in this process or another, ask for themselves."""
        return Remote.at, (self.url,)

    @property
    def name(self) -> str:
        """Last part of the path of its address."""
        return urlsplit(self.url).path.rpartition("/")[2]

    def __str__(self) -> str:
        return self.url

    @property
    def format(self) -> str:
        """Format of the file by its name, which its first bytes have to agree with."""
        return format_by(self.name, self.read(0, 512))

    def open(self, troubles: list[FileError]) -> io.BufferedReader:
        """Return a file object of its own position.

        It never raises, since libraries below cannot carry an error of ours: where a part does not come, the file
        seems to end, and the reason is added to ``troubles``.
        """
        return io.BufferedReader(_Cursor(self, troubles), buffer_size=BLOCK)

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from start to stop."""
        stop = min(stop, self.size)
        if start >= stop:
            return b""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        with self._lock:
            data = b"".join(self._block(number) for number in range(first, last + 1))
        return data[start - first * BLOCK : stop - first * BLOCK]

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._ask(number)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _ask(self, number: int) -> int:
        """Ask for one block, keep it, and return the size of the whole file."""
        from requests import RequestException

        start = number * BLOCK
        try:
            with answer(self.url, {"Range": f"bytes={start}-{start + BLOCK - 1}"}) as found:
                size = self._require_part(found, start)
                data = found.content
        except RequestException as error:
            reason = " ".join(str(error).split())[:200]
            raise FileError(f"{self.url} cannot be reached ({reason}); expected a web server; try again") from None
        if len(data) != min(BLOCK, size - start):
            raise FileError(
                f"{self.url} broke off; expected {min(BLOCK, size - start)} bytes, got {len(data)}; try again"
            )
        self._blocks[number] = data
        while len(self._blocks) > BLOCKS:
            self._blocks.popitem(last=False)
        return size

    def _require_part(self, found: Any, start: int) -> int:
        """Return the size of the whole file, once the answer is a part of the file that was asked first."""
        if found.status_code != 206:
            what = "the whole file instead of a part" if found.status_code == 200 else f"status {found.status_code}"
            raise FileError(
                f"{self.url} answers with {what}; expected HTTP range requests; name it as 'url' and fetch it"
            )
        unit, _, rest = found.headers.get("Content-Range", "").partition(" ")
        span, _, total = rest.partition("/")
        mark = found.headers.get("ETag") or found.headers.get("Last-Modified")
        if unit != "bytes" or not total.isdigit() or span.partition("-")[0] != str(start):
            raise FileError(f"{self.url} gives another part than was asked for; expected byte {start}; fetch it whole")
        if self.size >= 0 and (int(total) != self.size or mark != self._mark):
            raise FileError(f"{self.url} changed while it was read; expected one file; start again")
        self._mark = mark
        return int(total)


class _Cursor(io.RawIOBase):
    """A position in a remote file."""

    def __init__(self, remote: Remote, troubles: list[FileError]) -> None:
        self._remote = remote
        self._troubles = troubles
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._remote.size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._remote.read(self._at, self._at + len(buffer))
        except FileError as error:
            self._troubles.append(error)
            return 0
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
