"""Every text of the page exists in four languages."""

import json
import re
from importlib.resources import files

import pytest

from hazardmap.outputs.webmap.model import LANGUAGES

FOLDER = files("hazardmap.outputs.webmap")
SCRIPTS = [path.read_text(encoding="utf-8") for path in FOLDER.joinpath("assets", "js").iterdir()]


def texts(language):
    return json.loads(FOLDER.joinpath("i18n", f"{language}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_texts(language):
    found, english = texts(language), texts("en")
    assert list(found) == list(english)
    assert all(text.strip() for text in found.values())
    for key, text in english.items():
        assert set(re.findall(r"{(\w+)}", found[key])) == set(re.findall(r"{(\w+)}", text)), key


def test_every_text_that_a_script_asks_for_exists():
    asked = {key for script in SCRIPTS for key in re.findall(r'hm\.text\("([^"]+)"', script)}
    assert len(asked) > 40
    assert asked <= set(texts("en"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", ["Overstromingsdiepte", "Inwoners"]),
        ("fr", ["Hauteur d\u2019eau", "Habitants"]),
        ("de", ["Überflutungstiefe", "Einwohner"]),
        ("en", ["Flood depth", "People"]),
    ],
)
def test_terms_are_those_of_the_field(language, words):
    found = texts(language)
    assert [found["hazard.flood"], found["layer.people"]] == words
