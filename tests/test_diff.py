"""Two runs compared: small tables of which a person can see what changed."""

import json

import pandas as pd
import pytest

from hazardmap.changes import diff
from hazardmap.errors import FileError

ROW = {"hazard": "flood", "scenario": "T100", "layer": "sites", "asset": "a", "territory": "NL-LI", "name": "Site", "country": "NL",
       "status": "hit", "level": 0.5, "unit": "count", "affected": 1.0, "maximum": 1.5, "damage": None, "foreign_share": 0.8}  # fmt: skip
FLOW = {
    "hazard": "flood",
    "scenario": "T100",
    "measure": "sites",
    "unit": "count",
    "origin": "BE",
    "country": "NL",
    "level": 0.5,
    "attributed": 1.0,
}


def run(folder, rows, flows=(FLOW,), sources=(("depth", "aa"), ("sites", "bb"))):
    (folder / "tables").mkdir(parents=True)
    pd.DataFrame([ROW | row for row in rows]).to_csv(folder / "tables" / "assets.csv", index=False)
    pd.DataFrame(list(flows)).to_csv(folder / "tables" / "flows.csv", index=False)
    pd.DataFrame(sources, columns=["name", "sha256"]).to_csv(folder / "tables" / "sources.csv", index=False)
    return folder


def dry(**changes):
    return {"status": "dry", "level": None, "affected": 0.0, "maximum": 0.0, "foreign_share": None} | changes


def test_the_same_run_twice_is_the_same(tmp_path):
    one, other = (run(tmp_path / name, [{}, dry(asset="b")]) for name in "ab")
    found = diff(one, other)
    assert found.empty
    assert found.countries[["same", "appeared", "vanished", "changed"]].to_numpy().tolist() == [[2, 0, 0, 0]]
    assert found.inputs.empty


def test_what_became_of_each_row_and_country(tmp_path):
    one = run(
        tmp_path / "a",
        [{}, {"asset": "b"}, dry(asset="c"), dry(asset="d"), {"asset": "gone", "country": "BE"}, dry(asset="e")],
    )
    other = run(
        tmp_path / "b",
        [
            {},
            {"asset": "b", "maximum": 2.5, "level": 2.0},
            {"asset": "c"},
            dry(asset="d", status="not covered"),
            {"asset": "new", "country": "DE"},
            dry(asset="e"),
        ],
    )
    found = diff(one, other)
    assert found.rows.set_index("asset")["change"].to_dict() == {
        "b": "changed",
        "c": "appeared",
        "d": "covered otherwise",
        "gone": "vanished",
        "new": "appeared",
    }
    changed = found.rows.set_index("asset").loc["b"]
    assert (changed["maximum_a"], changed["maximum_b"]) == (1.5, 2.5)
    counts = found.countries.set_index("country")
    assert counts.loc["NL", ["appeared", "vanished", "changed", "covered_otherwise", "same"]].tolist() == [
        1,
        0,
        1,
        1,
        2,
    ]
    assert counts.loc["BE", "vanished"] == counts.loc["DE", "appeared"] == 1
    assert counts.loc["NL", ["affected_a", "affected_b"]].tolist() == [2, 3]


def test_what_is_no_longer_covered_did_not_vanish(tmp_path):
    """Reached before and not covered now, or the other way round: nobody knows whether it vanished or appeared."""
    rows = [{}, dry(asset="b", status="not covered"), dry(asset="c"), {"asset": "d"}]
    others = [dry(status="not covered"), {"asset": "b"}, dry(asset="c", status="partial"), dry(asset="d")]
    found = diff(run(tmp_path / "a", rows), run(tmp_path / "b", others))
    assert found.rows.set_index("asset")["change"].to_dict() == {
        "a": "covered otherwise",
        "b": "covered otherwise",
        "c": "covered otherwise",
        "d": "vanished",
    }


def test_another_unit_is_a_change_and_the_second_of_two_layers_of_one_name_counts(tmp_path):
    sources = [("depth", "aa"), ("depth", "bb")]
    found = diff(
        run(tmp_path / "a", [{}], sources=sources),
        run(tmp_path / "b", [{"unit": "km"}], sources=[sources[0], ("depth", "cc")]),
    )
    assert found.rows["change"].tolist() == ["changed"]
    assert found.inputs[["name", "change"]].to_numpy().tolist() == [["depth", "changed"]]


def test_runs_that_reach_nothing_can_be_compared(tmp_path):
    for name in "ab":
        for table in ("assets", "flows", "sources"):
            path = run(tmp_path / f"{name}{table}", [{}]) / "tables" / f"{table}.csv"
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{table}.csv").write_text(path.read_text().splitlines()[0] + "\n")
    found = diff(tmp_path / "a", tmp_path / "b")
    assert found.empty
    assert found.countries.empty
    assert found.inputs.empty


def test_the_two_directions_mirror_each_other(tmp_path):
    one = run(tmp_path / "a", [{}, dry(asset="c"), {"asset": "gone"}])
    other = run(tmp_path / "b", [{"affected": 0.5}, {"asset": "c"}])
    there, back = diff(one, other).countries.iloc[0], diff(other, one).countries.iloc[0]
    assert (
        (there["appeared"], there["vanished"], there["changed"])
        == (back["vanished"], back["appeared"], back["changed"])
        == (1, 1, 1)
    )
    assert (there["affected_a"], there["affected_b"]) == (back["affected_b"], back["affected_a"])


def test_flows_and_inputs_that_differ(tmp_path):
    one = run(
        tmp_path / "a", [{}], [FLOW, FLOW | {"level": 2.0}, FLOW | {"origin": "DE"}], [("depth", "aa"), ("old", "cc")]
    )
    other = run(
        tmp_path / "b", [{}], [FLOW | {"attributed": 2.0}, FLOW | {"origin": "FR"}], [("depth", "dd"), ("new", "cc")]
    )
    found = diff(one, other)
    flows = found.flows.set_index("origin")
    # classes are added up: 1 + 1 from Belgium in A, 2 in B
    assert list(flows.index) == ["DE", "FR"]
    assert flows["difference"].tolist() == [-1, 1]
    assert found.inputs.set_index("name")["change"].to_dict() == {
        "depth": "changed",
        "new": "appeared",
        "old": "vanished",
    }
    assert not found.empty


def test_a_difference_below_rounding_is_none(tmp_path):
    one, other = run(tmp_path / "a", [{}]), run(tmp_path / "b", [{"affected": 1 + 1e-13, "maximum": 1.5 + 1e-13}])
    assert diff(one, other).empty


def test_what_is_written_can_be_read_and_holds_no_formula(tmp_path):
    one, other = run(tmp_path / "a", [{}]), run(tmp_path / "b", [{"name": "=1+1", "affected": 0.25}])
    found = diff(one, other)
    paths = found.to_csv(tmp_path / "out")
    assert [path.name for path in paths] == ["countries.csv", "rows.csv", "flows.csv", "inputs.csv"]
    assert pd.read_csv(paths[1])["name"].tolist() == ["'=1+1"]
    read = json.loads(found.to_json())
    assert read["rows"][0]["affected_b"] == 0.25
    assert read["rows"][0]["damage_a"] is None


BAD = {
    "no tables": (lambda folder: (folder / "tables" / "assets.csv").unlink(), "holds 0 tables"),
    "two tables": (
        lambda folder: ((folder / "more").mkdir(), (folder / "more" / "assets.csv").write_text("a")),
        "holds 2 tables",
    ),
    "a table without a column": (
        lambda folder: (folder / "tables" / "assets.csv").write_text("asset,status\na,hit\n"),
        "expected the columns",
    ),
    "a number that is none": (lambda folder: replace(folder, "1.5", "deep"), "cannot be compared|could not convert"),
    "no text": (lambda folder: (folder / "tables" / "assets.csv").write_bytes(b"\xff\xfe\x00"), "cannot be compared"),
    "no flows": (lambda folder: (folder / "tables" / "flows.csv").unlink(), "flows.csv is not there"),
    "a row twice": (lambda folder: replace(folder, "\nflood", "\nflood", twice=True), "a row twice"),
}


def replace(folder, old, new, *, twice=False):
    path = folder / "tables" / "assets.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text + text.splitlines()[1] + "\n" if twice else text.replace(old, new))


@pytest.mark.parametrize("case", BAD)
def test_folders_that_cannot_be_compared_are_one_error(tmp_path, case):
    damage, message = BAD[case]
    one, other = run(tmp_path / "a", [{}]), run(tmp_path / "b", [{}])
    damage(other)
    with pytest.raises(FileError, match=message):
        diff(one, other)
