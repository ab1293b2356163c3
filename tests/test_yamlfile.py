"""YAML from strangers: plain data with line numbers, and nothing that surprises."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazardmap.errors import FileError
from hazardmap.yamlfile import MAX_DEPTH, parse_yaml, read_yaml, scalar


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "a.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("071", "071"),
        ("00", "00"),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("1:30:00", "1:30:00"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1,200", "1,200"),
        ("2021-07-14", "2021-07-14"),
        ("0.3", 0.3),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("071.5", "071.5"),
        (".nan", ".nan"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        (".", "."),
        ("e5", "e5"),
        ("-", "-"),
        ("null", None),
        ("~", None),
        ("9" * 50, "9" * 50),
    ],
)
def test_scalars(text, value):
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_data_and_lines(written):
    document = read_yaml(written("area: [2, 48, 9, 54]\nassets:\n  plants:\n    path: a.gpkg\n    code: '071'\n"))
    assert document.data == {"area": [2, 48, 9, 54], "assets": {"plants": {"path": "a.gpkg", "code": "071"}}}
    assert document.line(("assets", "plants", "code")) == 5
    assert document.line(("assets", "plants", "absent", 3)) == 3
    assert document.line(()) == 1


def test_keys_are_text(written):
    assert read_yaml(written("NO: Norway\n2020: a\n071: b\n")).data == {"NO": "Norway", "2020": "a", "071": "b"}


def test_byte_order_mark_and_empty_document(written):
    assert read_yaml(written(b"\xef\xbb\xbfa: 1\n")).data == {"a": 1}
    assert read_yaml(written("# only a comment\n")).data is None


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice"),
        ("x: {a: 1, a: 2}\n", 1, "'a' stands twice"),
        (BOMB, 1, "anchor"),
        ("a: 1\nb: *c\n", 2, "anchor or alias"),
        ("a: !!python/object/apply:os.system [id]\n", 1, "tag"),
        ("a: !!str 3\n", 1, "tag"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("? [a, b]\n: 1\n", 1, "key"),
        ("a: 1\nb: [1, 2\n", 3, "expected"),
        ("a: 1\n\tb: 2\n", 2, "a tab stands before the text; expected spaces"),
        ("a: 1\n  b: 2\n", 2, "a second ': ' stands on the line"),
        ("a:\n  b: 1\n c: 2\n", 3, "does not line up"),
        ("a: " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), 1, "deeply"),
    ],
)
def test_refused_with_the_line(written, text, line, found):
    with pytest.raises(FileError, match=rf"line {line}: .*") as error:
        read_yaml(written(text))
    assert found in str(error.value)
    assert "\n" not in str(error.value)


def test_very_deep_nesting_is_an_error_and_no_crash(written):
    with pytest.raises(FileError, match=r"deeply"):
        read_yaml(written("[" * 100_000))


def test_refused_as_a_file(tmp_path, written):
    with pytest.raises(FileError, match=r"expected at most 1,000,000"):
        read_yaml(written("a: " + "x" * 1_000_001))
    with pytest.raises(FileError, match=r"UTF-8"):
        read_yaml(written(b"a: \xff\xfe"))
    with pytest.raises(FileError, match=r"expected YAML"):
        read_yaml(written(b"a: \x00"))
    with pytest.raises(FileError, match=r"not there"):
        read_yaml(tmp_path / "absent.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(FileError, match=r"pipe"):
        read_yaml(tmp_path / "pipe.yaml")


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(codec="ascii"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcNO017", min_size=1), inner, max_size=3),
    max_leaves=10,
)


@given(plain)
def test_json_means_the_same(value):
    """JSON is YAML: quoted text stays text, and nothing else changes."""
    import json

    assert parse_yaml(json.dumps(value), Path("a.yaml")).data == value
