"""The first questions asked of a file that others made: is it regular, how large is it, and is it what it says it is.

Nothing here opens a file with a library: these answers come first, so that a pipe, a device, or a file that only
borrows the name of a harmless format never reaches one.
"""

import hashlib
import os
import stat
from functools import lru_cache
from pathlib import Path, PurePosixPath

from hazardmap.errors import FileError

__all__ = ["format_by", "format_of", "limit", "require_below", "require_file", "require_store", "sha256_of"]

_LIMITS = {
    "FILE_BYTES": 500_000_000_000,
    "TEXT_BYTES": 500_000_000,
    "CELLS": 50_000_000_000,
    "BLOCK_CELLS": 100_000_000,
    "FEATURES": 5_000_000,
    "COLUMNS": 1_000,
}
"""How much is believed of a file before it is read; each can be set as HAZARDMAP_MAX_<name> in the environment.

The environment and not the card: a card may come from the same stranger as the file.
"""

_FORMATS = {
    ".tif": "GTiff",
    ".tiff": "GTiff",
    ".nc": "NetCDF",
    ".nc4": "NetCDF",
    ".zip": "Zarr",
    ".gpkg": "GPKG",
    ".fgb": "FlatGeobuf",
    ".parquet": "Parquet",
    ".geoparquet": "Parquet",
    ".shp": "ESRI Shapefile",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
}

_MAGIC: dict[str, tuple[tuple[int, bytes], ...]] = {
    "GTiff": ((0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+")),
    "NetCDF": ((0, b"\x89HDF\r\n\x1a\n"), (0, b"CDF\x01"), (0, b"CDF\x02")),
    "Zarr": ((0, b"PK\x03\x04"),),
    "GPKG": ((68, b"GPKG"), (68, b"GP10"), (68, b"GP11")),
    "FlatGeobuf": ((0, b"fgb\x03fgb"),),
    "Parquet": ((0, b"PAR1"),),
    "ESRI Shapefile": ((0, b"\x00\x00\x27\x0a"),),
}


def limit(name: str) -> int:
    """Return a limit: the built-in one, or what ``HAZARDMAP_MAX_<name>`` says.

    Raises
    ------
    FileError
        When the environment variable is no number.

    Examples
    --------
    >>> limit("COLUMNS")
    1000
    """
    variable = f"HAZARDMAP_MAX_{name}"
    text = os.environ.get(variable)
    if text is None:
        return _LIMITS[name]
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        raise FileError(f"{variable} is {text!r}; expected a number such as 2e9; correct or unset it") from None


def require_below(found: float, name: str, *, what: str) -> None:
    """Refuse more of something than its limit.

    Raises
    ------
    FileError
        With the number found, the limit, and how to raise it.
    """
    allowed = limit(name)
    if found > allowed:
        raise FileError(
            f"{what}: {found:,}; expected at most {allowed:,}; "
            f"if the file is right, set HAZARDMAP_MAX_{name}={found} in the environment"
        )


def require_file(path: Path, *, limit_name: str = "FILE_BYTES") -> Path:
    """Return the real, absolute path of a regular file of a believable size.

    Links are followed; what they end at has to be a regular file.

    Raises
    ------
    FileError
        When there is nothing there, or a folder, a pipe or a device, or it is empty or too large.
    """
    try:
        real = path.resolve(strict=True)
        found = real.stat()
    except (OSError, RuntimeError, ValueError):
        raise FileError(f"{path} is not there or cannot be reached; expected a file; check the path") from None
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file (a pipe, a socket or a device)"
        raise FileError(f"{path} is {kind}; expected a regular file; name the file itself")
    if found.st_size == 0:
        raise FileError(f"{path} is empty (0 bytes); expected data; fetch or write it again")
    require_below(found.st_size, limit_name, what=f"bytes in {path}")
    if not os.access(real, os.R_OK):
        raise FileError(f"{path} cannot be read; expected read permission; change its permissions")
    return real


def require_store(path: Path) -> list[Path]:
    """Return the files of a folder that is one data set (Zarr), sorted.

    Raises
    ------
    FileError
        When there is no such folder, or something in it is no regular file or leads out of it.
    """
    try:
        real = path.resolve(strict=True)
        found = sorted(each for each in real.rglob("*") if each.is_symlink() or not each.is_dir())
    except (OSError, RuntimeError, ValueError):
        raise FileError(f"{path} is not there or cannot be reached; expected a folder; check the path") from None
    odd = next((each for each in found if each.is_symlink() or not each.is_file()), None)
    if odd is not None:
        raise FileError(f"{path} holds {odd.name!r}, which is a link or no regular file; expected plain files; copy it")
    if not found:
        raise FileError(f"{path} is an empty folder; expected a Zarr store; fetch or write it again")
    return found


def format_of(path: Path) -> str:
    """Return the format of a data file by its ending, and refuse it unless its first bytes agree.

    Parameters
    ----------
    path : Path
        From :func:`require_file`.

    Returns
    -------
    str
        ``GTiff``, ``NetCDF``, ``Zarr`` (packed as one file), ``GPKG``, ``FlatGeobuf``, ``Parquet``,
        ``ESRI Shapefile``, ``GeoJSON`` or ``CSV``.

    Raises
    ------
    FileError
        When the ending is unknown, or the content is of another format.
    """
    with path.open("rb") as stream:
        return format_by(str(path), stream.read(512))


def format_by(path: str, head: bytes) -> str:
    """Return the format of a file from its path or address and its first 512 bytes; see :func:`format_of`."""
    suffix = PurePosixPath(path).suffix.lower()
    kind = _FORMATS.get(suffix)
    if kind is None:
        raise FileError(f"{path} ends in {suffix!r}; expected one of {', '.join(_FORMATS)}; convert or rename it")
    if kind == "GeoJSON":
        genuine = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    elif kind == "CSV":
        genuine = b"\0" not in head
    else:
        genuine = any(head[offset:].startswith(mark) for offset, mark in _MAGIC[kind])
    if kind == "GPKG":
        genuine = genuine and head.startswith(b"SQLite format 3\0")
    if not genuine:
        raise FileError(
            f"{path} begins with {head[:8]!r}, which is not how a {kind} file begins; "
            "expected content that agrees with the ending; convert it or correct its name"
        )
    return kind


def sha256_of(*paths: Path) -> str:
    """Return the SHA-256 of the bytes of some files, one after the other, as 64 hexadecimal digits.

    The digest is remembered until a file changes its size or time.
    """
    stamps = tuple((path.stat().st_size, path.stat().st_mtime_ns) for path in paths)
    return _digest(paths, stamps)


@lru_cache(maxsize=256)
def _digest(paths: tuple[Path, ...], stamps: tuple[tuple[int, int], ...]) -> str:  # noqa: ARG001 (part of the key)
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()
