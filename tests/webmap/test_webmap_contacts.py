"""Whom to call: the table at the door, and in the page."""

import re

import pandas as pd
import pytest

from hazardmap.errors import OutputError
from hazardmap.outputs.webmap.contacts import COLUMNS, contacts_of
from hazardmap.study import Study

STUDY = """\
title: A test
area: [5.5, 50.6, 6.0, 51.1]
territories: territories
hazards: {{ flood: {{ depth: depth.tif }} }}
outputs: {{ webmap: {{ path: map.html, {option} }} }}
"""


def test_a_file_a_frame_and_rows_say_the_same(tmp_path):
    rows = [{"territory": "BE", "organisation": "Centre de crise", "phone": "+32 2 1", "languages": "fr nl", "x": 1}]
    path = tmp_path / "contacts.csv"
    path.write_text("\ufeffterritory,organisation,phone,languages,x\nBE,Centre de crise,+32 2 1,fr nl,1\n", "utf-8")
    expected = dict.fromkeys(COLUMNS, "") | {key: str(value) for key, value in rows[0].items() if key != "x"}
    assert contacts_of(rows) == contacts_of(pd.DataFrame(rows)) == contacts_of(path) == (expected,)


def test_what_looks_like_a_number_or_like_nothing_stays_text(tmp_path):
    path = tmp_path / "contacts.csv"
    path.write_text("territory,organisation,phone\nNA,Office,0032\n", "utf-8")
    assert contacts_of(path)[0]["phone"] == "0032"
    assert contacts_of(path)[0]["territory"] == "NA"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([{"territory": "BE"}], r"no column 'organisation'; expected territory, .*; add it"),
        ([{"territory": "BE", "organisation": "x"}, {"territory": "NL", "organisation": None}], "row 2: the organisation is empty"),
        ([{"territory": "BE", "organisation": "x"}] * 2001, "2001 rows; expected at most 2000"),
        (5, "contacts are '5'; expected a CSV file or rows of territory"),
        (["BE"], "expected a CSV file or rows"),
        ({"territory": "BE"}, "expected a CSV file or rows"),
    ],
)  # fmt: skip
def test_a_table_that_is_not_whole_is_refused(table, message):
    with pytest.raises(OutputError, match=message):
        contacts_of(table)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00a", b'a,b\n"x'])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content):
    path = tmp_path / "contacts.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OutputError, match="expected a CSV file in UTF-8; correct it"):
        contacts_of(path)


@pytest.fixture
def study(tmp_path):
    """Function that reads a study whose map has one more option, as "key: value"."""

    def read(option):
        path = tmp_path / "study.yaml"
        path.write_text(STUDY.format(option=option), "utf-8")
        return Study.from_yaml(path)

    return read


def test_a_study_finds_contacts_beside_its_own_file(study, tmp_path, monkeypatch):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "contacts.csv").write_text("territory,organisation\nBE,Centre de crise\n", "utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ((_, options),) = study("contacts: lists/contacts.csv")._targets(tmp_path / "output").values()
    assert options["contacts"][0]["organisation"] == "Centre de crise"
    ((_, options),) = study("contacts: [{ territory: NL, organisation: x }]")._targets(tmp_path / "output").values()
    assert options["contacts"][0]["territory"] == "NL"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("contacts: none.csv", r"outputs\.webmap: contacts cannot be read from .*none\.csv \(.*; expected a CSV"),
        ("contacts: [{ organisation: x }]", r"outputs\.webmap: contacts have no column 'territory'"),
        ("contacts: 5", r"outputs\.webmap: contacts are '5'"),
        ("language: es", r"outputs\.webmap: the language of the map is 'es'"),
        ("made: yesterday", r"outputs\.webmap: the map was made on 'yesterday'"),
    ],
)
def test_a_study_refuses_bad_options_of_the_map_before_it_computes(study, tmp_path, option, message):
    found = study(option)
    (problem,) = (line for line in found.check() if line.startswith("outputs: "))
    assert re.search(message, problem)
    assert "\n" not in problem
    with pytest.raises(OutputError, match=message):
        found.run(tmp_path / "output")


@pytest.mark.browser
def test_a_territory_tells_whom_to_call(visit, new_page):
    tab = visit(new_page("Crisis team"), "#lang=en")
    tab.evaluate("() => hazardmap.tellAt(L.latLng(51.3, 5.5))")
    popup = tab.locator(".leaflet-popup-content")
    assert "Whom to call\nCrisis team Crisis team · Crisis team" in popup.inner_text()
    tab.evaluate("() => hazardmap.tellAt(L.latLng(51.19, 5.1))")
    assert "+32 2 000 00 00" in popup.inner_text()  # the country's, in one of its provinces
    tab.click("#hm-tool-about")
    rows = tab.locator("#hm-dialog table").nth(1).locator("tbody tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == ["Crisis team north", "Belgium"]


@pytest.mark.browser
def test_without_contacts_nothing_is_said(visit, new_page):
    tab = visit(new_page(contacts=()), "#lang=en")
    tab.evaluate("() => hazardmap.tellAt(L.latLng(51.3, 5.5))")
    assert "Whom to call" not in tab.locator(".leaflet-popup-content").inner_text()
