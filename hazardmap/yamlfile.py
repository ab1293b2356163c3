"""Read a YAML file that may come from a stranger: plain data, and the line on which each value stands.

Only what a card or a study needs of YAML is read. ``NO`` is Norway and ``071`` is the number of a substance; both
stay text. Anchors, tags, duplicate keys and several documents in a file are refused.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hazardmap.errors import FileError, StudyError
from hazardmap.files import require_file

__all__ = ["Document", "override", "parse_yaml", "read_yaml"]

MAX_BYTES = 1_000_000
MAX_DEPTH = 20

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})?(\.[0-9]{0,30})?([eE][-+]?[0-9]{1,3})?")
# What the faults are that people make most, by a sign in the words of the parser.
_PLAINLY = {
    r"'\t'": "a tab stands before the text; expected spaces; replace it",
    "mapping values are not allowed": "a second ': ' stands on the line; expected one; put the text in quotes",
    "expected <block end>": "it does not line up with what stands above, or a quote before it is open; "
    "expected YAML; correct the indentation",
}
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}

ValuePath = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """What a YAML file says, and where.

    Parameters
    ----------
    path : Path
        The file.
    data : dict, list, str, int, float, bool or None
        Its content; keys are always text, dates too.
    lines : dict
        Line (from 1) of each value, by its path of keys and indices.
    """

    path: Path
    data: Any
    lines: dict[ValuePath, int]

    def line(self, path: ValuePath) -> int:
        """Return the line of a value; of the nearest one around it where there is none.

        Examples
        --------
        >>> Document(Path("a.yaml"), {"a": [1]}, {(): 1, ("a",): 1, ("a", 0): 2}).line(("a", 0, "b"))
        2
        """
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(path: Path) -> Document:
    """Read a YAML file.

    Scalars: whole and decimal numbers, ``true`` and ``false``, ``null``, ``~`` or nothing, and text. All else is
    text: dates, ``yes`` and ``NO``, numbers with a leading zero, ``1:30``, ``0x1F``, ``.nan``, and whatever is quoted.

    Raises
    ------
    FileError
        With the line, when the file is no YAML, is too large or too deep, repeats a key, or uses anchors or tags.
    """
    real = require_file(path)
    if real.stat().st_size > MAX_BYTES:
        raise FileError(f"{path} has {real.stat().st_size:,} bytes; expected at most {MAX_BYTES:,}; split it")
    try:
        text = real.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{path} is not UTF-8; expected text in UTF-8; save it in that encoding") from None
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> Document:
    """Read YAML text; ``path`` names it in errors.

    Raises
    ------
    FileError
        As :func:`read_yaml`.

    Examples
    --------
    >>> parse_yaml("country: NO", Path("study.yaml")).data
    {'country': 'NO'}
    """
    reader = _Reader(path, yaml.parse(text, Loader=yaml.SafeLoader))
    try:
        return Document(path, reader.document(), reader.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = " ".join((error.problem or "no YAML").split())
        plainly = next((text for sign, text in _PLAINLY.items() if sign in problem), None)
        raise FileError(f"{path} line {line}: {plainly or f'{problem}; expected YAML; correct the line'}") from None
    except yaml.YAMLError as error:
        raise FileError(f"{path}: {' '.join(str(error).split())}; expected YAML; correct the file") from None


def override(data: dict[str, Any], change: str) -> None:
    """Set one key of what a study says.

    Parameters
    ----------
    data : dict
        Changed in place.
    change : str
        Such as ``hazards.flood.levels=[0.3, 1]``.

    Raises
    ------
    StudyError
        When it sets nothing, or goes through a value.

    Examples
    --------
    >>> study = {"hazards": {"flood": {"levels": [1]}}}
    >>> override(study, "hazards.flood.levels=[0.3, 1]")
    >>> study
    {'hazards': {'flood': {'levels': [0.3, 1]}}}
    """
    key, equals, text = change.partition("=")
    steps = key.strip().split(".")
    if not equals or not all(steps):
        raise StudyError(f"--set {change!r} sets nothing; expected KEY.KEY=VALUE; write hazards.flood.levels=[0.3,1]")
    value = parse_yaml(text, Path("--set")).data
    place: Any = data
    for step in steps[:-1]:
        place = place[int(step)] if isinstance(place, list) and step.isdigit() else place.setdefault(step, {})
        if not isinstance(place, dict | list):
            raise StudyError(f"--set {change!r} goes through {step!r}, which holds a value; expected keys; shorten it")
    if isinstance(place, list):
        place[int(steps[-1])] = value
    else:
        place[steps[-1]] = value


class _Reader:
    """Turn YAML events into data, one value after the other."""

    def __init__(self, path: Path, events: Iterator[yaml.Event]) -> None:
        self.path = path
        self.events = events
        self.lines: dict[ValuePath, int] = {}

    def document(self) -> Any:
        """Read the only document."""
        next(self.events)  # start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        data = self._value(next(self.events), ())
        next(self.events)  # end of the document
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._error(after, "a second document begins", "one document in a file", "split the file")
        return data

    def _value(self, event: yaml.Event, path: ValuePath) -> Any:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._error(event, "an anchor or alias (& or *)", "plain values", "write the value out")
        if tag := getattr(event, "tag", None):
            raise self._error(event, f"the tag {tag!r}", "plain values", "leave the tag out")
        if len(path) > MAX_DEPTH:
            raise self._error(event, "values nested too deeply", f"at most {MAX_DEPTH} levels", "flatten them")
        self.lines.setdefault(path, _line(event))
        if isinstance(event, yaml.ScalarEvent):
            return scalar(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(item, (*path, index)) for index, item in enumerate(self._until(yaml.SequenceEndEvent))]
        return self._mapping(path)

    def _mapping(self, path: ValuePath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self._until(yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or getattr(event, "tag", None):
                raise self._error(event, "a key that is no plain text", "text", "correct the key")
            key = event.value
            if key in found:
                raise self._error(event, f"the key {key!r} stands twice", "each key once", "remove one of them")
            self.lines[(*path, key)] = _line(event)
            found[key] = self._value(next(self.events), (*path, key))
        return found

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self.events), end):
            yield event

    def _error(self, event: yaml.Event, found: str, expected: str, cure: str) -> FileError:
        return FileError(f"{self.path} line {_line(event)}: {found}; expected {expected}; {cure}")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def scalar(text: str) -> str | int | float | bool | None:
    """Return the value of an unquoted YAML scalar.

    Examples
    --------
    >>> [scalar(text) for text in ("NO", "071", "71", "1e3", "true", "2021-07-14", "~")]
    ['NO', '071', 71, 1000.0, True, '2021-07-14', None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and any(character.isdigit() for character in text.lower().split("e")[0]):
        value = float(text)
        return value if math.isfinite(value) else text
    return text
