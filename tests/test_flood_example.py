"""The worked example of flood risk runs as its README says, and a study's damage section is checked like the rest."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

import hazardmap as hm
from tests.commandline import run

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Copy of the example with its data made."""
    folder = tmp_path_factory.mktemp("flood") / "flood"
    shutil.copytree(ROOT / "examples" / "flood", folder)
    subprocess.run([sys.executable, folder / "make_data.py"], check=True, capture_output=True)
    return folder


def test_the_study_writes_damage_and_what_is_expected_per_year(folder):
    done = run(
        "run",
        "study.yaml",
        "--set",
        "outputs={csv: {path: tables, annual: {rare_tail: constant, zero_at: 5}}, record: run.json}",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    tables = folder / "output" / "tables"
    rows, annual = pd.read_csv(tables / "assets.csv", low_memory=False), pd.read_csv(tables / "annual.csv")

    # one building by hand: its only cells in T100, the curve of its use, the Dutch price, 120 m2 of floor
    buildings = rows[
        (rows["layer"] == "buildings") & (rows["scenario"] == "T100") & (rows["minimum"] == rows["maximum"])
    ]
    one = buildings[buildings["maximum"] > 0.5].iloc[0]
    number = int(one["asset"][1:])
    curve, price = ("commercial", 1160.57) if number % 7 == 0 else ("residential", 841.75)
    factor = np.interp(
        one["maximum"],
        [0.5, 1, 1.5, 2, 3],
        {"commercial": [0.15, 0.3, 0.45, 0.55, 0.75], "residential": [0.25, 0.4, 0.5, 0.6, 0.75]}[curve],
    )
    assert one["country"] == "NL"
    assert one["damage"] == pytest.approx(120 * price * factor, rel=1e-4)

    # land use: its area is that of the cells, its damage only that of towns and works
    use = rows[(rows["layer"] == "land-use") & (rows["scenario"] == "T500")]
    with rasterio.open(folder / "land-use.tif") as file:
        codes = file.read(1)
    assert use["amount"].sum() == pytest.approx(codes.size * 0.01, rel=1e-6)
    assert set(use.loc[use["damage"] > 0, "name"]) == {"town", "works"}
    assert set(use.loc[use["damage"] > 0, "country"]) == {"BE", "NL"}

    # per year: the same integral by numpy over the table of flows
    flows = pd.read_csv(tables / "flows.csv")
    money = flows[flows["unit"] == "EUR2010"].groupby(["measure", "return_period_years"])["attributed"].sum()
    money = money.reset_index().pivot_table("attributed", "measure", "return_period_years")
    p = np.array([0, 1 / 500, 1 / 100, 1 / 50, 1 / 10, 1 / 5])
    values = np.column_stack([money[500], money[500], money[100], money[50], money[10], 0 * money[10]])
    expected = dict(zip(money.index, np.trapezoid(values, p), strict=True))
    found = annual[annual["unit"] == "EUR2010"].groupby("measure")["attributed"].sum().to_dict()
    assert found == pytest.approx(expected, rel=1e-9)
    assert set(annual["method"]) == {
        "trapezoid over exceedance probability, rare tail constant, nothing at 1 in 5 years"
    }

    record = json.loads((folder / "output" / "run.json").read_text())
    names = {item["name"]: item for item in record["inputs"]}
    assert len(names["max-damage-jrc-2017"]["sha256"]) == 64
    assert names["land-use"]["status"] in ("synthetic", "indicative")


def test_the_analyst_script_runs(folder, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", folder / "analyst.py", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "log-linear over exceedance probability, rare tail linear" in done.stdout
    assert (tmp_path / "flood.gpkg").exists()
    if importlib.util.find_spec("matplotlib") is None:
        assert "no figure" in done.stdout
        pytest.skip("matplotlib is not installed, so no figure was drawn")
    assert (tmp_path / "risk-curve.png").read_bytes()[:4] == b"\x89PNG"


BAD = {
    "a misspelt key": ("damage.curve=x", r"damage has no key 'curve'; expected one of curves, prices, landuse, assets; did you mean 'curves'"),
    "a misspelt key of a layer": ("damage.assets={buildings: {curve: residential, max_damag: 5}}", r"damage.assets.buildings has no key 'max_damag'.*did you mean 'max_damage'"),
    "an unknown layer": ("damage.assets={bildings: {curve: residential}}", r"damage.assets has no key 'bildings'.*did you mean 'buildings'"),
    "a curve for a raster": ("assets.use={path: land-use.tif, units: class}", r"damage.assets.use names a curve for a raster"),
    "an unknown table": ("damage.curves=jrc", r"there is no table 'jrc'"),
    "a file that is not there": ("damage.curves=mine.csv", r"mine.csv is not there"),
    "an unknown curve": ("damage.assets={substations: {curve: transformer, max_damage: 5, unit: EUR}}", r"substations has the curve 'transformer'"),
    "a price without a unit": ("damage.assets={substations: {curve: roads, max_damage: 5}}", r"substations has a column max_damage without units"),
    "a negative price": ("damage.assets={substations: {curve: roads, max_damage: -5, unit: EUR}}", r"damage.assets.substations.max_damage is -5"),
    "unknown classes": ("hazards.flood.levels=de", r"no depth classes 'de'; expected one of de-lawa"),
    "an unknown tail": ("outputs={csv: {path: t, annual: {rare_tail: fat}}}", r"annual.rare_tail is 'fat'; expected one of constant, none, linear"),
    "an unknown way per year": ("outputs={csv: {path: t, annual: {tail: none}}}", r"annual has no option 'tail'"),
    "no way per year": ("outputs={csv: {path: t, annual: true}}", r"annual is True; expected options such as"),
    "a node among the scenarios": ("outputs={csv: {path: t, annual: {zero_at: 20}}}", r"expected a more frequent event"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD, ids=BAD)
def test_bad_damage_sections_are_one_line(folder, tmp_path, case):
    change, message = BAD[case]
    # few layers, so that a refusal is quick
    few = [
        "--set",
        "assets={buildings: {path: buildings.gpkg, layer: buildings, columns: {id: code, curve: use}}, substations: {path: substations.gpkg, layer: substations, columns: {id: code}}}",
    ]
    bare = [
        "--set",
        "hazards.flood={depth: [{layer: {path: depth-10.tif, units: m}, return_period: 10}]}",
        "--set",
        "outputs={record: run.json}",
    ]
    more = ["--set", "damage.assets={use: {curve: roads}}"] if case == "a curve for a raster" else []
    done = run("run", "study.yaml", *few, *bare, *more, "--set", change, "--out", tmp_path / "out", cwd=folder)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert re.search(message, last), last


def test_classes_of_a_national_map_are_levels(folder):
    study = hm.Study.from_yaml(
        folder / "study.yaml",
        [
            "hazards.flood={depth: [{layer: {path: depth-10.tif, units: m}, return_period: 10}], levels: nl-liwo}",
            "assets={}",
        ],
    )
    result = study.run(folder / "classes")["flood"]
    assert result.footprint.levels == (0.0, 0.5, 1.0, 1.5, 2.0, 5.0)
    # dry is no class
    assert 0 < result.assets["affected_fraction"].max() < 0.5
