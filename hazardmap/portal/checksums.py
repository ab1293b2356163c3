"""What a published folder holds: one list of SHA-256 sums, and what a folder has become since."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from hazardmap.errors import FileError, OutputError
from hazardmap.files import require_file

__all__ = ["SUMS", "sha256", "verify", "write_sums"]

SUMS = "SHA256SUMS"
"""Name of the list; ``sha256sum -c SHA256SUMS`` reads it too."""

_LINE = re.compile(r"(?P<sum>[0-9a-f]{64}) [ *](?P<name>.+)")


def write_sums(folder: Path) -> None:
    """Write the list of a folder into it: every file, sorted by name.

    Raises
    ------
    OutputError
        When a name holds a backslash or a character that cannot be printed, or is a symbolic link.
    """
    lines = []
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if not name.isprintable() or "\\" in name or path.is_symlink():
            raise OutputError(f"{name!r} cannot be published; expected a file with a printable name; rename it")
        lines.append((name, f"{sha256(path)}  {name}\n"))
    (folder / SUMS).write_text("".join(line for _, line in sorted(lines)), encoding="utf-8", newline="\n")


def verify(folder: str | Path) -> list[str]:
    """Compare a published folder with its list of sums.

    Nothing outside of the folder is read: a name that leaves it, or a symbolic link, is a finding.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    list of str
        One line for each finding, sorted: ``added: NAME``, ``changed: NAME``, ``link: NAME``, ``missing: NAME``,
        ``not in the folder: NAME``, ``not readable: NAME``, ``twice in the list: NAME``. Empty when the folder is as
        it was published. A name that cannot be printed is shown with escapes.

    Raises
    ------
    FileError
        When the folder has no list, or the list is none.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "page.html").write_text("one")
    ...     write_sums(Path(folder))
    ...     before = verify(folder)
    ...     _ = Path(folder, "page.html").write_text("two")
    ...     print(before, verify(folder))
    [] ['changed: page.html']
    """
    folder = Path(folder)
    listed = _listed(folder)
    there = {path.relative_to(folder).as_posix() for path in _files(folder)}
    times = Counter(name for name, _ in listed)
    findings = {("twice in the list", name) for name, count in times.items() if count > 1}
    findings |= {("added", name) for name in there - times.keys()}
    findings |= {(what, name) for name, told in listed if (what := _state(folder, name, told))}
    return sorted(f"{what}: {name if name.isprintable() else ascii(name)}" for what, name in findings)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits; never a remembered one."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _listed(folder: Path) -> list[tuple[str, str]]:
    path = folder / SUMS
    if path.is_symlink():
        raise FileError(f"{path} is a symbolic link; expected the list itself; publish the folder again")
    try:
        lines = require_file(path, limit_name="TEXT_BYTES").read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise FileError(f"{path} is not UTF-8; expected lines 'SHA-256  NAME'; publish the folder again") from None
    found = []
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise FileError(
                f"{path} line {number} is {line[:60]!r}; expected 'SHA-256  NAME'; publish the folder again"
            )
        found.append((match["name"], match["sum"]))
    return found


def _state(folder: Path, name: str, told: str) -> str | None:
    """Return what became of a listed file; None where it is as it was."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name or ":" in name or name == SUMS:
        return "not in the folder"
    path = folder / parts
    steps = [folder.joinpath(*parts.parts[: k + 1]) for k in range(len(parts.parts))]
    try:
        if any(step.is_symlink() for step in steps):
            return "link"
        if not path.is_file():
            return "missing"
        return None if sha256(path) == told else "changed"
    except OSError:
        return "not readable"


def _files(folder: Path) -> Iterator[Path]:
    """Everything in a folder but its list and true folders; links are not followed."""
    for root, folders, files in os.walk(folder):
        here = Path(root)
        yield from (here / name for name in folders if (here / name).is_symlink())
        yield from (here / name for name in files if (here / name) != folder / SUMS)
