"""Substances: every number against another copy, the laws between them, and any name finds its substance."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap.chemistry import Substance, Value, is_cas, look_up, require_cas, substances, substances_from
from hazardmap.errors import FileError, MissingExtraError, SubstanceError, TableError

TABLES = Path(__file__).parents[1] / "layers" / "tables"
KNOWN = hm.substances()


@pytest.fixture(scope="module")
def aloha(shared_data):
    """The ALOHA library by CAS number, with the zeros that it lost."""
    with (shared_data / "chem" / "chemicals_aegl_erpg_idlh.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    padded = {}
    for row in rows:
        first, second, last = row["cas_number"].split("-")
        padded[f"{first}-{second.zfill(2)}-{last}"] = row
    return padded


def ppm(text):
    return float(text.replace(",", "").split()[0])


# --- the table ------------------------------------------------------------------------------------------------------


def test_guideline_values_are_those_of_the_aloha_library(aloha):
    compared = 0
    for each in KNOWN:
        row = aloha.get(each.cas)
        if row is None:
            continue
        named = {("idlh", 0): row["idlh"], **{(f"aegl-{k}", 60): row[f"aegl{k}_60min"] for k in (1, 2, 3)}}
        for (what, minutes), text in named.items():
            if text and text != "N/A":
                found = each.value(what, minutes)
                assert (found.value, "mg" in found.unit) == (ppm(text), "mg" in text), (each.name, what)
                compared += 1
            elif text == "N/A":
                assert not each.has(what, minutes)
        if row["lel"]:
            assert each.value("lel").value == pytest.approx(ppm(row["lel"]) / 1e4)
    assert compared > 100


def test_molar_masses_and_boiling_points_agree_with_the_aloha_library(aloha):
    """They come from another library; ALOHA has boiling points in degrees Fahrenheit."""
    compared = 0
    for each in KNOWN:
        row = aloha.get(each.cas)
        if row is None or not each.has("molar_mass"):
            continue
        assert each.molar_mass_g_mol == pytest.approx(float(row["molecular_weight"]), abs=0.02), each.name
        boils = row["ambient_boiling_point_f"] or row["normal_boiling_point_f"]
        if boils and each.has("boiling_point"):
            assert each.boiling_point_c == pytest.approx((float(boils) - 32) / 1.8, abs=2), each.name
            compared += 1
    assert compared > 30


def series(each, level):
    found = {v.minutes: v.value for v in each.numbers if v.property == level}
    return np.array([found[m] for m in sorted(found)])


@pytest.mark.parametrize("each", list(KNOWN), ids=lambda each: each.name)
def test_the_laws_of_guideline_values(each):
    """A worse effect needs more, and a longer time needs no more."""
    for minutes in (10, 30, 60, 240, 480):
        values = [each.value(f"aegl-{k}", minutes).value for k in (1, 2, 3) if each.has(f"aegl-{k}", minutes)]
        assert values == sorted(values)
    for level in ("aegl-1", "aegl-2", "aegl-3"):
        assert (np.diff(series(each, level)) <= 0).all(), level
    erpg = [each.value(f"erpg-{k}", 60).value for k in (1, 2, 3) if each.has(f"erpg-{k}", 60)]
    assert erpg == sorted(erpg)
    assert set(each.names) == {"en", "nl", "fr", "de"}
    assert all(each.names.values())
    assert all(number.isdigit() and len(number) == 4 for number in each.un)


def test_classes_of_kas_18():
    """Its table of distance classes (known, not read); oleum of 65 % is no substance of the table."""
    classes = {each: {known.name for known in KNOWN if known.kas18 == each} for each in ("I", "II", "III", "IV")}
    assert classes == {
        "I": {"ethylene-oxide", "acrylonitrile", "hydrogen-chloride", "methanol", "propane", "benzene"},
        "II": {"bromine", "ammonia", "fluorine", "hydrogen-fluoride"},
        "III": {"sulphur-dioxide", "hydrogen-sulphide", "formaldehyde", "hydrogen-cyanide"},
        "IV": {"phosgene", "acrolein", "chlorine"},
    }


def test_ten_berge_between_durations():
    """AEGL-3 of chlorine from 10 to 60 minutes goes by n = 2 (NRC): 50 ppm becomes 20."""
    chlorine = hm.substance("chlorine")
    ten, sixty = chlorine.value("aegl-3", 10).value, chlorine.value("aegl-3", 60).value
    assert np.log(60 / 10) / np.log(ten / sixty) == pytest.approx(2, abs=0.05)


def test_one_name_is_one_substance():
    seen = {}
    for each in KNOWN:
        for name in {each.name, *each.names.values(), *each.also, each.cas, *each.un}:
            assert KNOWN.find(name) is each, (name, seen.get(name))
            seen[name] = each.name
    assert len(seen) > 200


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("7782-50-5", "chlorine"),
        ("UN1017", "chlorine"),
        ("un 1017", "chlorine"),
        ("1017", "chlorine"),
        ("CHLOOR", "chlorine"),
        ("dioxyde de soufre", "sulphur-dioxide"),
        ("sulfur dioxide", "sulphur-dioxide"),
        ("Oxyde d'ethylene", "ethylene-oxide"),
        ("Blausäure", "hydrogen-cyanide"),
        ("waterstoffluoride", "hydrogen-fluoride"),
        (" hydrogen fluoride ", "hydrogen-fluoride"),
    ],
)
def test_any_name_finds_it(asked, name):
    assert hm.substance(asked).name == name


def test_the_tables_as_frames():
    table = KNOWN.table()
    assert len(table) == len(KNOWN)
    assert table.loc["ammonia", "cas"] == "7664-41-7"
    assert table.loc["ammonia", "erpg-3_ppm"] == 1500
    assert np.isnan(table.loc["petrol", "molar_mass_g/mol"])
    numbers = KNOWN.numbers()
    assert set(numbers["status"]) <= {"S", "R", "K"}
    assert (numbers["source"].str.len() > 5).all()
    assert {each["status"] for each in KNOWN.inputs} == {"indicative"}


def test_thresholds_become_mg_m3():
    """20 ppm of 70.906 g/mol; what is stated in mg/m3 stays as it is."""
    assert hm.substance("chlorine").threshold_mg_m3("aegl-3") == pytest.approx(20 * 70.906 / 24.465, rel=1e-4)
    assert hm.substance("sulphur trioxide").threshold_mg_m3("aegl-2") == 8.7
    assert hm.substance("chlorine").threshold_mg_m3("idlh") == pytest.approx(10 * 70.906 / 24.465, rel=1e-4)


def test_probits_come_from_the_table():
    found = hm.substance("ammonia").probit
    assert (found.a, found.b, found.n) == (-15.6, 1, 2)


# --- CAS numbers ----------------------------------------------------------------------------------------------------


@given(st.integers(10, 9_999_999), st.integers(0, 99))
def test_one_check_digit_in_ten_is_right(first, second):
    """The digit is the last of the sum of place times digit from the right, without itself."""
    digits = f"{first}{second:02d}"
    right = sum((len(digits) - k) * int(d) for k, d in enumerate(digits)) % 10
    for digit in range(10):
        cas = f"{first}-{second:02d}-{digit}"
        assert is_cas(cas)
        if digit == right:
            assert require_cas(cas) == cas
        else:
            with pytest.raises(SubstanceError, match=f"whose check digit is {digit}; expected {right}"):
                require_cas(cas)


def test_cas_numbers_that_a_spreadsheet_spoilt():
    with pytest.raises(SubstanceError, match="lost a zero; expected 7446-09-5"):
        hm.substance("7446-9-5")
    with pytest.raises(SubstanceError, match="expected digits such as 7782-50-5"):
        require_cas("1950-05-07T00:00")


# --- bad input ------------------------------------------------------------------------------------------------------


def test_an_unknown_substance_offers_the_nearest():
    with pytest.raises(
        SubstanceError,
        match="'clorine' is not known; expected a CAS number, a UN number or a name; the nearest names are chlorine",
    ):
        hm.substance("clorine")
    with pytest.raises(SubstanceError, match="no name is near"):
        hm.substance("xyzzy")
    with pytest.raises(SubstanceError, match="is not known"):
        hm.substance("64-17-5")
    with pytest.raises(SubstanceError, match="is not known"):
        hm.substance("9999")


def test_a_number_that_is_not_known_is_named():
    with pytest.raises(SubstanceError, match="phosgene has no aegl-1 for 60 min; expected one of: molar_mass"):
        hm.substance("phosgene").value("aegl-1", 60)
    with pytest.raises(SubstanceError, match="petrol has no probit-a"):
        _ = hm.substance("petrol").probit


def test_a_unit_that_is_no_concentration_is_refused():
    odd = Substance("odd", "7782-50-5", numbers=(Value("aegl-2", 60, 2, "grains", "mine", "own"),))
    with pytest.raises(SubstanceError, match="odd has aegl-2 in 'grains'; expected ppm or mg/m3"):
        odd.threshold_mg_m3()


def write(path, rows):
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


IDENTITY = "substance,cas,un,en,nl,fr,de,also,seveso_entry,seveso_categories,kas18,source,status"
VALUES = "substance,property,minutes,value,unit,source,status"
MINE = "mine,7782-50-5,1017,mine,mijn,la mienne,meine,,,H2,,my notes,own"


@pytest.mark.parametrize(
    ("identities", "values", "message"),
    [
        ([MINE.replace("50-5", "50-4")], [], "mine has the CAS number '7782-50-4'"),
        ([MINE, MINE], [], "'mine' stands there twice"),
        ([MINE], ["other,molar_mass,,5,g/mol,me,own"], "numbers of 'other'; expected a substance of the table"),
        ([MINE], ["mine,aegl-2,60,-2,ppm,me,own"], "mine has aegl-2 of -2; expected a number above 0"),
        ([MINE], ["mine,aegl-2,60,two,ppm,me,own"], "the column 'value' holds 'two'"),
        ([MINE], ["mine,molar_mass,,71,g/mol,me,own"], "mine has molar_mass twice; expected it once per duration"),
        ([MINE.replace("own", "sure")], [], "the status is 'sure'"),
    ],
)
def test_a_table_that_breaks_its_rules(tmp_path, identities, values, message):
    names = write(tmp_path / "names.csv", [IDENTITY, *identities])
    numbers = write(tmp_path / "numbers.csv", [VALUES, "mine,molar_mass,,70,g/mol,my notes,own", *values])
    with pytest.raises((SubstanceError, TableError)) as error:
        substances(names, numbers)
    assert message in str(error.value)


def test_a_table_of_ones_own(tmp_path):
    names = write(tmp_path / "names.csv", [IDENTITY, MINE])
    numbers = write(tmp_path / "numbers.csv", [VALUES, "mine,aegl-2,60,70,mg/m3,my notes,own"])
    own = substances("names.csv", numbers, folder=tmp_path)
    assert own.find("la mienne").threshold_mg_m3() == 70
    write(names, [IDENTITY, MINE.replace("mijn", "")])
    with pytest.raises(SubstanceError, match="the substance '-' is not known"):
        substances(names, numbers).find("-")
    with pytest.raises(FileError, match="there is no table 'substanzen'"):
        substances("substanzen")
    with pytest.raises(TableError, match="has no column 'substance'"):
        substances(names, "seveso-quantities")


def test_numbers_need_their_substance():
    with pytest.raises(TableError, match="stands there twice"):
        substances_from(KNOWN.table().reset_index().iloc[[0, 0]], KNOWN.numbers())


# --- beyond the table -----------------------------------------------------------------------------------------------


def test_more_substances_come_from_a_library():
    pytest.importorskip("chemicals")
    ethanol = hm.substance("ethanol", beyond=True)
    assert ethanol.cas == "64-17-5"
    assert ethanol.molar_mass_g_mol == pytest.approx(46.07, abs=0.01)
    assert ethanol.boiling_point_c == pytest.approx(78.4, abs=0.3)
    assert not ethanol.has("aegl-2", 60)
    assert hm.substance("chloor", beyond=True).has("aegl-2", 60)
    assert not hm.substance("glucose", beyond=True).has("boiling_point")  # it decomposes; the library estimates 571
    with pytest.raises(SubstanceError, match="chemicals does not know 'unobtainium'"):
        look_up("unobtainium")


def test_the_library_agrees_with_the_table():
    pytest.importorskip("chemicals")
    for each in KNOWN:
        if each.has("molar_mass"):
            assert look_up(each.cas).molar_mass_g_mol == pytest.approx(each.molar_mass_g_mol, abs=0.001)


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "chemicals", None)
    with pytest.raises(MissingExtraError, match=r"pip install hazardmap\[chem\]"):
        hm.substance("ethanol", beyond=True)
    assert hm.substance("chlorine", beyond=True).name == "chlorine"
