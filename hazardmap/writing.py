"""Files written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hazardmap.errors import OutputError

__all__ = ["harmless", "require_folder", "written"]


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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        yield beside
        beside.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); expected a folder with room and the right to "
            "write; choose another with --out"
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


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
