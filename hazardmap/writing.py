"""Files written whole or not at all."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import permutations
from pathlib import Path

from hazardmap.errors import OutputError

__all__ = ["file_name", "harmless", "paths_of", "printable", "reported", "require_apart", "require_folder", "written"]

# What writes files and has errors of its own for a disk that is full.
_LIBRARIES = ("pyogrio", "rasterio", "sqlite3", "xlsxwriter")


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to, and rename it to ``path`` when all went well.

    A run that is interrupted or killed leaves the old file as it was.

    Raises
    ------
    OutputError
        When the folder cannot be written to, or the disk is full.
    """
    beside = path.with_name(f".{path.stem}.part{path.suffix}")
    with reported(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            yield beside
            beside.replace(path)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what the system or GDAL says when ``path`` cannot be written into one line.

    Raises
    ------
    OutputError
        When the folder cannot be written to, or the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(_cannot(path, error.strerror or str(error))) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _LIBRARIES:
            raise
        raise OutputError(_cannot(path, str(error))) from error


def _cannot(path: Path, reason: str) -> str:
    return (
        f"{path} cannot be written ({reason[:200]}); expected a folder with room and the right to write; "
        "choose another with --out"
    )


def require_apart(targets: Mapping[str, Path]) -> None:
    """Refuse two outputs that write to one file, or of which one writes below the file of another.

    Raises
    ------
    OutputError
        Naming both.

    Examples
    --------
    >>> require_apart({"csv": Path("tables"), "webmap": Path("map.html")})
    """
    for (one, path), (other, beside) in permutations(targets.items(), 2):
        if path.suffix and path in (beside, *beside.parents):
            raise OutputError(
                f"outputs.{one} and outputs.{other} both write to {path}; expected a path each; change one"
            )


def require_folder(folder: Path) -> None:
    """Refuse a folder that cannot be made or written to, before anything is computed for it.

    Raises
    ------
    OutputError
        Naming what stands in the way.
    """
    there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OutputError(
            f"{folder} cannot be written ({there} is no folder or may not be written to); "
            "expected a folder; choose another with --out"
        )


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Liège")
    ("'=1+1", 'Liège')
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def printable(text: str) -> str:
    r"""Return a text with a space for every character that cannot be printed; XML allows few of them.

    Examples
    --------
    >>> printable("Flood\x08 of the Meuse")
    'Flood  of the Meuse'
    """
    return "".join(each if each.isprintable() else " " for each in text)


def file_name(text: str) -> str:
    """Return a name for a file made of a text that others wrote: it stays in its folder, and differs where texts do.

    Examples
    --------
    >>> file_name("power-plants"), file_name("../etc")
    ('power-plants', '_etc-f7f912')
    """
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("-")[:100]
    if plain == text:
        return plain
    return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def paths_of(path: Path, names: Sequence[str], only: str | None, suffix: str) -> dict[str, Path]:
    """Return the file of each part of a result, in a format that holds one part a file.

    Parameters
    ----------
    path : Path
        The file, where there is but one part or ``only`` names one. Else a folder, which gets one file a part; a path
        with the ending stands for the folder of that name without it.
    names : sequence of str
        The parts.
    only : str, optional
        The part that is wanted.
    suffix : str
        Ending of the files.

    Raises
    ------
    OutputError
        When no part is called that.

    Examples
    --------
    >>> [str(each) for each in paths_of(Path("a"), ["zones", "places"], None, ".fgb").values()]
    ['a/zones.fgb', 'a/places.fgb']
    """
    if only is not None and only not in names:
        raise OutputError(f"the result has no layer {only!r}; expected one of {', '.join(names)}; correct 'layer'")
    if only is not None or len(names) == 1:
        return {only or names[0]: path}
    folder = path.with_suffix("") if path.suffix.lower() == suffix else path
    return {name: folder / f"{file_name(name)}{suffix}" for name in names}
