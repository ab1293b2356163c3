"""The joint risk inventory: ranges, the classes they reach, and pictures that show ranges as ranges."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazardmap import catalog
from hazardmap.errors import FileError, HazardmapError, OutputError, StudyError
from hazardmap.risks import Risk, inventory, matrix_png, matrix_svg, place, register, schemes, write_register
from hazardmap.risks.register import write_all

EXAMPLE = Path(__file__).parents[1] / "examples" / "risk_inventory" / "risks.yaml"
ATTACK = "</text><script>window.hit=1</script>'\"&"

INVENTORY = """\
title: { en: "Risks", nl: "Risico's" }
risks:
  - id: flood
    name: { en: "Flood", nl: "Overstroming" }
    category: natural
    frequency: { min: 0.001, max: 0.01, source: "a book", status: K }
    impacts:
      deaths: { min: 5, max: 200, unit: people, source: "a guess" }
      costs: { min: 6.0e+8, max: 6.0e+8, unit: EUR, source: "a guess" }
"""


@pytest.fixture
def written(tmp_path):
    """Function that writes an inventory with changes and returns its path."""

    def write(*changes):
        text = INVENTORY
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "risks.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def scheme(found, name):
    return next(each for each in schemes(found) if each.name == name)


def risk_of(low, high=None, **impacts):
    impacts = impacts or {"deaths": (0, 0)}
    ranges = {name: {"min": a, "max": b, "unit": "people", "source": "x"} for name, (a, b) in impacts.items()}
    frequency = {"min": low, "max": low if high is None else high, "source": "x"}
    return Risk.model_validate({"id": "r", "name": "r", "category": "c", "frequency": frequency, "impacts": ranges})


@pytest.mark.parametrize(
    ("years", "dutch", "german"),
    [
        (100, "C", "3"),  # 4.9 % in five years; at most 1 in 100: both as published
        (99, "D", "4"),
        (10, "D", "4"),
        (5, "E", "5"),
        (1000, "B", "2"),
        (1001, "B", "2"),
        (999, "C", "3"),
        (10_000, "A", "1"),
        (100_000, "A", "1"),
    ],
)
def test_likelihoods_fall_into_the_classes_of_each_country(written, years, dutch, german):
    """NL: 0.05, 0.5, 5, 50 % in five years; DE: at most 1 in 10,000, 1000, 100, 10 a year."""
    found = inventory(written())
    p = 1 - (1 - 1 / years) ** 5
    told = "ABCDE"[sum(p >= edge for edge in (0.0005, 0.005, 0.05, 0.5))]
    nl, de = scheme(found, "nl-nrb"), scheme(found, "de-bbk")
    mine = nl.likelihood.names[place(risk_of(1 / years), nl).likelihood[0]]
    # the probability of a Poisson process is below that of yearly draws by a hundredth at most; near an edge they part
    assert mine in (dutch, told)
    assert de.likelihood.names[place(risk_of(1 / years), de).likelihood[0]] == german


def test_a_range_over_classes_stays_a_range_and_the_worst_criterion_counts(written):
    found = inventory(written())
    nl = scheme(found, "nl-nrb")
    placed = place(found.risks[0], nl)
    # deaths 5 to 200 are A to C, costs of 600 million are C; the worst at both ends is C
    assert placed.criteria == {"deaths": (0, 2), "costs": (2, 2)}
    assert placed.impact == (2, 2)
    row = register(found).iloc[0]
    assert (row["nl-nrb deaths"], row["nl-nrb costs"], row["nl-nrb impact"]) == ("A-C", "C", "C")
    assert (row["nl-nrb likelihood"], row["de-bbk likelihood"]) == ("B-C", "2-3")
    assert row["name_de"] == "Flood"


@given(
    st.lists(st.floats(0, 5, allow_nan=False), min_size=2, max_size=2).map(sorted), st.floats(0, 1e6), st.floats(0, 1e6)
)
def test_worse_is_never_placed_lower(ends, a, b):
    found = inventory_of_one()
    for each in schemes(found):
        mild = place(risk_of(ends[0], deaths=(min(a, b), min(a, b))), each)
        bad = place(risk_of(ends[1], deaths=(max(a, b), max(a, b))), each)
        both = place(risk_of(ends[0], ends[1], deaths=(min(a, b), max(a, b))), each)
        assert mild.likelihood[0] <= bad.likelihood[0]
        assert mild.impact[0] <= bad.impact[0]
        # a range reaches from the class of its one end to that of the other
        assert both.likelihood == (mild.likelihood[0], bad.likelihood[0])
        assert both.impact == (mild.impact[0], bad.impact[0])


def inventory_of_one():
    from hazardmap.risks import Inventory

    return Inventory(title="x", risks=[risk_of(0.1)])


def test_figures_come_from_the_tables_of_a_study(written, tmp_path):
    flows = [
        ("flood", "T100", 100, "places", "people", "BE", 30.0),
        ("flood", "T100", 100, "places", "people", "NL", 12.0),
        ("flood", "T100", 100, "places", "count", "NL", 3.0),
        ("flood", "T1000", 1000, "places", "people", "NL", 500.0),
    ]
    columns = ["hazard", "scenario", "return_period_years", "measure", "unit", "origin", "attributed"]
    (tmp_path / "tables").mkdir()
    pd.DataFrame(flows, columns=columns).to_csv(tmp_path / "tables" / "flows.csv", index=False)
    feed = "{ tables: tables, scenarios: [T100, T1000]"
    path = written(
        ("{ min: 0.001, max: 0.01, source", f"{{ study: {feed} }}, source"),
        ("{ min: 5, max: 200, unit: people,", f"{{ study: {feed}, measure: places, unit: people }}, unit: people,"),
    )
    [risk] = inventory(path).risks
    assert risk.frequency.ends == (0.001, 0.01)
    assert risk.impacts["deaths"].ends == (42, 500)
    assert risk.impacts["deaths"].status == "R"
    path.write_text(path.read_text().replace("T1000]", "T7]"))
    with pytest.raises(StudyError, match=r"nothing for 'T7'.*T100, T1000"):
        inventory(path)
    path.write_text(path.read_text().replace("T7]", "T1000]").replace(", measure: places, unit: people }", " }"))
    with pytest.raises(StudyError, match="several quantities would be added up"):
        inventory(path)


ROWS = [
    ("flood", "T1", 1, "places", "dry", "count", "people", None),
    ("flood", "T1", 1, "places", "not covered", "count", "people", None),
    ("flood", "T1", 1, "ports", "not covered", "count", None, None),
    ("flood", "T1", 1, "homes", "hit", "count", None, "EUR"),
    ("flood", "T100", 100, "places", "hit", "count", "people", None),
]


def feed(tmp_path, written, scenarios, measure="places", unit="people"):
    """Figures of two scenarios: T1 reaches nothing, T100 does; of ports nothing is known."""
    (tmp_path / "tables").mkdir(exist_ok=True)
    columns = ["hazard", "scenario", "return_period_years", "measure", "unit", "origin", "attributed"]
    flows = pd.DataFrame([("flood", "T100", 100, "places", "people", "BE", 30.0)], columns=columns)
    flows.to_csv(tmp_path / "tables" / "flows.csv", index=False)
    columns = ["hazard", "scenario", "return_period_years", "layer", "status", "unit", "value_unit", "damage_unit"]
    pd.DataFrame(ROWS, columns=columns).to_csv(tmp_path / "tables" / "assets.csv", index=False)
    study = f"tables: tables, scenarios: [{scenarios}]"
    named = f"measure: {measure}, unit: {unit}" if measure else "hazard: flood"
    return written(
        ("{ min: 0.001, max: 0.01, source", f"{{ study: {{ {study} }}, source"),
        ("{ min: 5, max: 200, unit: people,", f"{{ study: {{ {study}, {named} }}, unit: people,"),
    )


def test_a_scenario_that_reaches_nothing_counts_as_nothing(written, tmp_path):
    [risk] = inventory(feed(tmp_path, written, "T1, T100")).risks
    assert risk.frequency.ends == (0.01, 1)
    assert risk.impacts["deaths"].ends == (0, 30)
    [risk] = inventory(feed(tmp_path, written, "T1", unit="count")).risks
    assert risk.impacts["deaths"].ends == (0, 0)
    assert register(inventory(feed(tmp_path, written, "T1"))).loc[0, "nl-nrb deaths"] == "A"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"scenarios": "T1, T7"}, "nothing for 'T7' .*expected one of the scenarios T1, T100"),
        ({"scenarios": "T1", "measure": "place"}, "has no 'place'; expected one of homes, places, ports"),
        ({"scenarios": "T1", "unit": "persons"}, "has no 'persons'; expected one of count, people"),
        ({"scenarios": "T1", "measure": None}, "nothing is reached in 'T1'; expected measure and unit"),
        ({"scenarios": "T1", "measure": "homes", "unit": "EUR"}, "homes are hit in 'T1', but how much in EUR is not"),
        ({"scenarios": "T1", "measure": "ports", "unit": "count"}, "cover no ports, which is not the same as nothing"),
    ],
)
def test_nothing_is_no_number_where_it_is_not_known(written, tmp_path, named, message):
    with pytest.raises(StudyError, match=message):
        inventory(feed(tmp_path, written, **named))


BAD = {
    "a misspelt key": (("    category:", "    categry:"), r"line 5: risks.0.categry"),
    "a range upside down": (("min: 5, max: 200", "min: 200, max: 5"), r"line 8: .*min 200 lies above max 5"),
    "half a range": (("min: 5, max: 200", "min: 5"), "expected min and max, or a study"),
    "a range of two kinds": (("min: 5,", "study: { tables: t, scenarios: [a] }, min: 5,"), "not both"),
    "a number that is none": (("min: 5", "min: five"), "line 8"),
    "a negative number": (("min: 5", "min: -5"), "greater than or equal to 0"),
    "no source": (('source: "a book", ', ""), "frequency.source"),
    "a frequency in another unit": (("max: 0.01,", "max: 0.01, unit: per century,"), "line 6: .*'per century'"),
    "a misspelt criterion": (("      deaths:", "      deth:"), "flood.deth is a criterion of no scheme; .*deaths"),
    "an unknown status": (("status: K", "status: X"), "line 6"),
    "an id twice": (("risks:\n", INVENTORY.partition("risks:")[2].join(["risks:", ""])), "the id 'flood' stands twice"),
    "no risks": (("risks:\n" + INVENTORY.partition("risks:\n")[2], "risks: []\n"), "line 2: risks"),
    "a study that did not run": (
        ("min: 5, max: 200,", "study: { tables: none, scenarios: [T100] },"),
        "flood.deaths: the tables .* are not there",
    ),
    "an unknown scheme": (
        ("risks:", "schemes: [xx]\nrisks:"),
        "no classes 'xx'; expected one of nl-nrb, de-bbk, eu-2010",
    ),
    "another unit": (("unit: EUR", "unit: USD"), "flood.costs is in 'USD'; the classes are in 'EUR'"),
    "a table that is not there": (("risks:", "classes: mine.csv\nrisks:"), "mine.csv"),
    "not YAML": (("title:", "title: &a"), "anchor"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_inventories_are_one_line(written, case):
    change, message = BAD[case]
    with pytest.raises(HazardmapError, match=message) as error:
        register(inventory(written(change)))
    assert "\n" not in str(error.value)


def test_bad_tables_of_classes_are_refused(written, tmp_path):
    table = catalog.parameters("risk-classes").assign(value=lambda t: t["value"].map(lambda v: f"{v:.10g}"))
    path = written(("risks:", "classes: mine.csv\nrisks:"))
    for change, message in [
        (table.drop(columns="closed"), "no column 'closed'"),
        (table.assign(closed="middle"), "'lower' or 'upper'"),
        (table.iloc[1:], "expected five that rise from 0"),
        (table[table["axis"] == "impact"], "no likelihood per year"),
    ]:
        change.to_csv(tmp_path / "mine.csv", index=False)
        with pytest.raises(HazardmapError, match=message):
            schemes(inventory(path))
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(FileError, match="is empty"):
        inventory(tmp_path / "empty.yaml")


def test_the_picture_frames_every_class_of_a_range(written):
    """Frequency B to C, impact C: the frame is two cells wide and one high, and lies inside those cells."""
    found = inventory(written())
    root = ET.fromstring(matrix_svg(found.risks, scheme(found, "nl-nrb"), "nl"))  # noqa: S314  (our own)
    space = "{http://www.w3.org/2000/svg}"
    frames = [
        each for each in root.iter(f"{space}rect") if each.get("fill") == "none" and each.get("stroke-width") == "1.5"
    ]
    left, top, width, height = (float(frames[0].get(key)) for key in ("x", "y", "width", "height"))
    cell, west, north = 92, 70, 40
    assert len(frames) == 1
    assert west + cell < left < left + width < west + 3 * cell
    assert width > cell
    assert north + 2 * cell < top < top + height < north + 3 * cell
    texts = [each.text for each in root.iter(f"{space}text")]
    assert "1  Overstroming" in texts
    assert "Waarschijnlijkheid, in 5 jaar" in texts
    assert any(text.startswith("Indicatief") for text in texts)


def test_hostile_texts_stay_text_everywhere(written, tmp_path):
    import json

    found = inventory(written(('{ en: "Flood", nl: "Overstroming" }', json.dumps("=" + ATTACK))))
    svg = matrix_svg(found.risks, schemes(found)[0])
    assert "<script" not in svg
    assert "=" + ATTACK[:40] in "".join(ET.fromstring(svg).itertext())  # noqa: S314  (our own)
    odd = inventory(written(('en: "Flood"', 'en: "Flood\\b"')))
    assert "1  Flood " in "".join(ET.fromstring(matrix_svg(odd.risks, schemes(odd)[0])).itertext())  # noqa: S314
    write_register(found, tmp_path / "r.csv")
    assert pd.read_csv(tmp_path / "r.csv")["name_en"].tolist() == ["'=" + ATTACK]


def test_the_workbook_holds_the_register_and_two_runs_give_the_same_bytes(written, tmp_path):
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    found = inventory(written())
    for name in ("a.xlsx", "b.xlsx"):
        write_register(found, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    rows = list(openpyxl.load_workbook(tmp_path / "a.xlsx")["Register"].values)
    table = register(found)
    assert list(rows[0]) == list(table.columns)
    assert rows[1][0] == "flood"
    assert rows[1][rows[0].index("frequency_max_per_year")] == 0.01


@pytest.mark.parametrize(("package", "wanted"), [("xlsxwriter", "workbook"), ("matplotlib", "pictures")])
def test_nothing_is_written_where_a_package_is_missing(written, tmp_path, monkeypatch, package, wanted):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(HazardmapError, match=rf"needs the package {package}; install hazardmap"):
        write_all(inventory(written()), tmp_path / "out", **{wanted: True})
    assert not (tmp_path / "out").exists()


def test_a_picture_as_png(written, tmp_path):
    pytest.importorskip("matplotlib")
    found = inventory(written(("Flood", "Flood of $5 _{x}")))
    matrix_png(found.risks, schemes(found)[0], tmp_path / "m.png")
    assert (tmp_path / "m.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_an_unknown_language_is_refused_before_anything_is_written(written, tmp_path):
    with pytest.raises(OutputError, match="'xx'; expected one of nl, fr, de, en"):
        write_all(inventory(written()), tmp_path / "out", language="xx")
    assert not (tmp_path / "out").exists()


def test_the_picture_says_on_which_side_of_an_edge_a_class_lies(written):
    """NL: from 0.5 % upwards; DE: a frequency of 1 in 1000 is still in the class below."""
    found = inventory(written())
    assert "C (≥ 0.005)" in matrix_svg(found.risks, scheme(found, "nl-nrb"))
    assert "3 (&gt; 0.001)" in matrix_svg(found.risks, scheme(found, "de-bbk"))


def test_a_scenario_with_two_return_periods_gives_no_frequency(written, tmp_path):
    (tmp_path / "tables").mkdir()
    columns = "hazard,scenario,return_period_years,measure,unit,attributed\n"
    rows = "flood,T100,100,places,people,1\ndrought,T100,50,places,people,1\n"
    (tmp_path / "tables" / "flows.csv").write_text(columns + rows)
    feed = "study: { tables: tables, scenarios: [T100] }"
    path = written(("{ min: 0.001, max: 0.01, source", f"{{ {feed}, source"))
    with pytest.raises(StudyError, match="several return periods"):
        inventory(path)
    path.write_text(path.read_text().replace("[T100] }", "[T100], hazard: drought }"))
    assert inventory(path).risks[0].frequency.ends == (0.02, 0.02)


def test_a_folder_that_cannot_be_written_to(written, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_all(inventory(written()), tmp_path / "file" / "out")


def test_the_example_reads_once_its_study_has_run(tmp_path):
    (tmp_path / "risk_inventory").mkdir()
    path = tmp_path / "risk_inventory" / "risks.yaml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(StudyError, match="run it with the output 'csv' first"):
        inventory(path)
    tables = tmp_path / "meuse" / "output" / "tables"
    tables.mkdir(parents=True)
    rows = [
        ("flood", name, years, "places", "people in places hit", 1e5 * years)
        for name, years in (("T100", 100), ("T1000", 1000))
    ]
    columns = ["hazard", "scenario", "return_period_years", "measure", "unit", "attributed"]
    pd.DataFrame(rows, columns=columns).to_csv(tables / "flows.csv", index=False)
    found = inventory(path)
    assert {risk.category for risk in found.risks} == {"natural", "technological", "infrastructure", "combined"}
    assert all(set(risk.name) == {"en", "nl", "fr", "de"} for risk in found.risks)
    paths = write_all(found, tmp_path / "out")
    assert [each.name for each in paths] == [
        "register.csv",
        "matrix-nl-nrb.svg",
        "matrix-de-bbk.svg",
        "matrix-eu-2010.svg",
    ]
