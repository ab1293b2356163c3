"""Downloads: from the address on a card into a cache, resumed where they broke off, checked, and then used offline."""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from hazardmap.catalog.remote import answer, require_address
from hazardmap.errors import FileError, LayerError
from hazardmap.files import limit, require_below

if TYPE_CHECKING:
    from hazardmap.catalog.card import Layer

__all__ = ["Progress", "cache_folder", "fetch", "how_to_get", "name_in_cache", "place_of", "whereabouts"]

Progress = Callable[[int, int | None], None]
"""Told how many bytes there are, and how many there will be (None where unknown)."""

ATTEMPTS = 5
"""How often a server is asked again without a byte of progress."""

PAUSE_S = 1.0
"""Before the second attempt; twice as long before each further one."""

CHUNK = 1 << 14
"""Bytes that are written at once; so many are lost where a connection breaks off."""

AGAIN = (408, 429, 500, 502, 503, 504)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
_SHAPEFILE = (".cpg", ".dbf", ".prj", ".shp", ".shx")


class _TryAgainError(Exception):
    """The server broke off, or says that it is busy."""


def cache_folder() -> Path:
    """Return the folder of downloads: ``HAZARDMAP_CACHE``, or where the system keeps caches."""
    import pooch

    return Path(os.environ.get("HAZARDMAP_CACHE") or pooch.os_cache("hazardmap")).expanduser().absolute()


def name_in_cache(data: Mapping[str, Any], where: str) -> str:
    """Return the name that the file of a card has in the cache: ``path``, ``member``, or the end of the address.

    Raises
    ------
    LayerError
        When it is no plain name, and could lead out of the folder.

    Examples
    --------
    >>> name_in_cache({"url": "https://example.org/data/RP100%20depth.tif", "path": "depth.tif"}, "card")
    'depth.tif'
    """
    named = data.get("path") or PurePosixPath(data.get("member") or "").name
    named = named or unquote(urlsplit(data.get("url") or "").path).rpartition("/")[2]
    if not _PLAIN.fullmatch(named) or not _PLAIN.fullmatch(str(data.get("name"))):
        raise LayerError(
            f"{where}: the file would be called {named!r} in the cache; expected a plain name such as depth.tif; "
            "state one as 'path'"
        )
    return str(named)


def place_of(layer: Layer) -> Path:
    """Return where the file of a layer lies in the cache, whether it is there or not.

    The address is part of it, so that two cards of one name never share a file.
    """
    where = sha256(f"{layer.url or layer.page} {layer.member or ''}".encode()).hexdigest()[:8]
    return cache_folder() / f"{layer.name}-{where}" / layer.path


def how_to_get(layer: Layer) -> str:
    """Say what to do to get the file of a layer."""
    if layer.url:
        return f"run: hazardmap layers fetch {layer.name}"
    return f"no direct address is known: download it by hand from {layer.page} and save it as {place_of(layer)}"


def whereabouts(layer: Layer) -> str:
    """Say in a few words where the file of a layer is."""
    if not layer.kept:
        return "here"
    if place_of(layer).is_file():
        return "fetched"
    how = "to fetch" if layer.url else "to download by hand"
    return how if layer.address_tried else f"{how}, address not tried"


def fetch(layer: Layer, progress: Progress | None = None) -> None:
    """Download the file of a layer into the cache, unless it is there and whole.

    Raises
    ------
    FileError
        When the card names no address, it cannot be reached, or what comes is not what the card promises.
    """
    import pooch

    target = place_of(layer) if layer.kept else None
    if target is None or layer.url is None:
        how = how_to_get(layer) if layer.page else "it needs no fetching"
        raise FileError(f"layer {layer.name}: its card names no 'url'; {how}")
    require_address(layer.url)
    if target.is_file() and (layer.sha256 is None or layer.member):
        return
    archive = f"{target.name}.zip" if layer.member else target.name
    digest = None if layer.sha256 is None or layer.member else f"sha256:{layer.sha256}"
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        got = pooch.retrieve(layer.url, digest, archive, target.parent, downloader=_Resuming(progress))
        if layer.member:
            _unpack(Path(got), layer.member, target)
    except ValueError as error:  # how pooch tells a wrong digest; it has removed the file
        if "hash" not in str(error):
            raise
        raise FileError(
            f"layer {layer.name}: what {layer.url} gives has not the SHA-256 {str(layer.sha256)[:12]}... of its card; "
            "nothing was kept; ask its maker whether it changed, and correct the card"
        ) from None
    except OSError as error:
        raise FileError(
            f"{target} cannot be written ({error.strerror or error}); expected room and the right to write; "
            "set HAZARDMAP_CACHE to another folder"
        ) from None


class _Resuming:
    """A downloader for pooch that goes on where it broke off: in one run, and in the next.

    What there is lies in ``.part`` beside the file, and the mark of its version (ETag or date) in ``.mark``: a file
    that changed on the server is begun anew.
    """

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def __call__(self, url: str, output_file: str, _: Any) -> None:
        """Download ``url`` to the place that pooch names (a temporary file beside the final one)."""
        part, mark = self._beside(url, Path(output_file).parent)
        attempt, had = 0, -1
        while True:
            try:
                self._go_on(url, part, mark)
                break
            except _TryAgainError as trouble:
                now = part.stat().st_size if part.exists() else 0
                attempt = 1 if now > had >= 0 else attempt + 1
                had = now
                if attempt >= ATTEMPTS:
                    raise FileError(
                        f"{url} cannot be fetched ({trouble}), tried {attempt} times; expected a whole file; "
                        "try again later: what there is, is kept"
                    ) from None
                time.sleep(PAUSE_S * 2 ** (attempt - 1))
        mark.unlink(missing_ok=True)
        part.replace(output_file)

    @staticmethod
    def _beside(url: str, folder: Path) -> tuple[Path, Path]:
        stem = sha256(url.encode()).hexdigest()[:12]
        return folder / f"{stem}.part", folder / f"{stem}.mark"

    def _go_on(self, url: str, part: Path, mark: Path) -> None:
        from requests import RequestException

        have = part.stat().st_size if part.exists() and mark.exists() else 0
        headers = {"Range": f"bytes={have}-", "If-Range": mark.read_text(encoding="utf-8")} if have else {}
        try:
            with answer(url, headers) as found:
                start = _start_of(url, found, have)
                self._store(found, part, mark, start)
        except (RequestException, ConnectionError) as error:
            raise _TryAgainError(" ".join(str(error).split())[:160]) from None

    def _store(self, found: Any, part: Path, mark: Path, start: int) -> None:
        """Append what comes from ``start`` on, and check that all came."""
        length = found.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else None
        require_below(total or 0, "FILE_BYTES", what=f"bytes of {found.url}")
        version = found.headers.get("ETag") or found.headers.get("Last-Modified") or ""
        if version and not version.startswith("W/"):
            mark.write_text(version, encoding="utf-8")
        else:
            mark.unlink(missing_ok=True)
        done = start
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            for chunk in found.iter_content(CHUNK):
                file.write(chunk)
                done += len(chunk)
                require_below(done, "FILE_BYTES", what=f"bytes of {found.url}")
                if self._progress is not None:
                    self._progress(done, total)
        if total is not None and done < total:
            raise _TryAgainError(f"it broke off after {done:,} of {total:,} bytes")


def _start_of(url: str, found: Any, have: int) -> int:
    """Return the byte that an answer begins with; a server that is busy is asked again."""
    if found.status_code == 200:
        return 0
    if found.status_code == 206 and found.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        return have
    if found.status_code in AGAIN:
        raise _TryAgainError(f"the server says {found.status_code} {found.reason}")
    raise FileError(
        f"{url} answers {found.status_code} {found.reason}; expected the file; look at the address in a browser"
    )


def _unpack(archive: Path, member: str, target: Path) -> None:
    """Take one file, and what belongs to a shapefile, out of an archive; names inside it never become paths.

    Raises
    ------
    FileError
        When it is no archive, the file is not in it, or it is larger than believed.
    """
    ends = _SHAPEFILE if member.endswith(".shp") else (PurePosixPath(member).suffix,)
    try:
        with zipfile.ZipFile(archive) as packed:
            inside = {each.filename: each for each in packed.infolist()}
            if member not in inside:
                some = ", ".join(list(inside)[:5])
                raise FileError(f"{archive.name} has no file {member!r}; it has {some}; correct 'member' on the card")
            for end in ends:
                each = inside.get(str(PurePosixPath(member).with_suffix(end)))
                if each is not None:
                    require_below(each.file_size, "FILE_BYTES", what=f"bytes of {each.filename}")
                    _extract(packed, each, target.with_suffix(end))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise FileError(f"{archive.name} is no zip archive that can be read ({error}); fetch it again") from None
    archive.unlink()


def _extract(packed: zipfile.ZipFile, each: zipfile.ZipInfo, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    with packed.open(each) as source, part.open("wb") as file:
        shutil.copyfileobj(source, file, CHUNK)
    if part.stat().st_size > limit("FILE_BYTES"):
        part.unlink()
        raise FileError(f"{each.filename} is larger than its archive says; expected an honest one; do not use it")
    part.replace(target)
