"""A whole folder written or not at all: what stood there is replaced in one step, and nothing foreign with it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hazardmap.errors import FileError, OutputError
from hazardmap.portal.checksums import SUMS, verify, write_sums
from hazardmap.writing import require_folder

__all__ = ["replaced"]

_MARK, _TOLD = "hazardmap.txt", b"Published by hazardmap. The next publication replaces this folder as a whole.\n"


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside ``folder``; when all went well, it takes the place of ``folder``.

    Whoever is killed leaves the old folder as it was; what was half written is cleared away by the next one. Two may
    not write to the same folder at once.

    Raises
    ------
    OutputError
        When the folder holds anything that was not published, or was changed since: nothing foreign is deleted.
        When it cannot be written to, or the disk is full.
    """
    folder = folder.resolve()
    if not folder.name:
        raise OutputError(f"{folder} is a whole disk; expected a folder in it; choose another")
    new, old = (folder.with_name(f".{folder.name}.hazardmap-{what}") for what in ("new", "old"))
    require_folder(folder.parent)
    if old.is_dir() and not folder.exists():
        # killed between the two steps of an earlier exchange
        old.rename(folder)
    _require_own(folder)
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        yield new
        (new / _MARK).write_bytes(_TOLD)
        write_sums(new)
        _require_own(folder)
        _exchange(folder, new, old)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written ({error.strerror or error}); expected a folder with room and the right to "
            "write; choose another"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _exchange(folder: Path, new: Path, old: Path) -> None:
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _require_own(folder: Path) -> None:
    """Refuse a folder with anything in it that would be lost."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder} is a file; expected a folder; choose another name")
    if not any(folder.iterdir()):
        return
    try:
        lost = [line for line in verify(folder) if not line.startswith("missing: ")]
    except FileError:
        lost = [f"no list {SUMS}"]
    mark = folder / _MARK
    if not lost and not (mark.is_file() and mark.read_bytes() == _TOLD):
        # many keep such a list beside files of their own
        lost = [f"no {_MARK}"]
    if lost:
        raise OutputError(
            f"{folder} holds what was not published by hazardmap, or was changed since ({lost[0]}); expected a new "
            "folder or a published one as it was; move that away or choose another folder"
        )
