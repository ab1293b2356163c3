"""Every text of the page exists in four languages."""

import gzip
import json
import re
from importlib.resources import files

import pytest

from hazardmap.outputs.webmap.model import LANGUAGES, Page
from hazardmap.outputs.webmap.page import encode_page

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


def test_another_language_is_one_file(tmp_path, monkeypatch):
    for language in LANGUAGES:
        (tmp_path / f"{language}.json").write_text(json.dumps(texts(language)), encoding="utf-8")
    (tmp_path / "es.json").write_text(json.dumps({**texts("en"), "menu": "Capas"}), encoding="utf-8")
    monkeypatch.setattr("hazardmap.outputs.webmap.page._TEXTS", tmp_path)
    told = encode_page(Page(title={"en": "Floods", "es": "Inundaciones"}, language="es"))
    assert told.description["languages"] == [*LANGUAGES, "es"]
    assert told.description["title"]["es"] == "Inundaciones"
    assert json.loads(gzip.decompress(told.payloads["hm-texts"]))["es"]["menu"] == "Capas"


def test_french_marks_stand_after_a_narrow_space():
    for key, text in texts("fr").items():
        assert not re.search(r"(?<!\u202f)[:;!?]", text), key
        assert "'" not in text, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_set_as_in_print(language):
    for key, text in texts(language).items():
        assert not re.search(r'["`]|\.\.\.|  |^ | $', text), key


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
