"""Files written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hazardmap.errors import OutputError

__all__ = ["harmless", "written"]


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
        beside.unlink(missing_ok=True)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Liège")
    ("'=1+1", 'Liège')
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
