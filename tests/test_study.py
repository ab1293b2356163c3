"""Studies and the command line, as a user meets them: what is right runs, what is wrong is one line and writes nothing."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

import hazardmap as hm
from hazardmap.errors import OutputError
from hazardmap.outputs.webmap import model
from hazardmap.portal import words
from hazardmap.study import Study, Text
from tests.commandline import run

ROOT = Path(__file__).parents[1]
OWN = ROOT / "examples" / "own_data"

STUDY = """\
title: A test
area: [5.5, 50.6, 6.0, 51.1]
territories: territories
hazards:
  flood:
    depth:
      - { layer: depth.yaml, label: "My scenario", class: medium, return_period: 100 }
    origin: flow-directions
    territories: borders
assets:
  substations: substations.yaml
outputs:
  csv: tables
  record: run.json
"""


COMMAND = [sys.executable, "-m", "hazardmap.cli"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folder with the data of the example."""
    folder = tmp_path_factory.mktemp("own")
    for name in ("make_data.py", "depth.yaml", "substations.yaml"):
        shutil.copy(OWN / name, folder)
    subprocess.run([sys.executable, folder / "make_data.py"], check=True, capture_output=True)
    return folder


@pytest.fixture
def study(data, tmp_path):
    """Function that writes a study with changes and returns its path."""
    folder = tmp_path / "study"
    shutil.copytree(data, folder)

    def write(*changes, text=STUDY):
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = folder / "study.yaml"
        path.write_text(text)
        return path

    return write


def test_a_study_runs_and_says_what_it_wrote(study):
    path = study()
    done = run("run", path, cwd=path.parent)
    assert done.returncode == 0, done.stderr
    assert "substations [count]" in done.stdout
    assert "wrote output/run.json" in done.stdout
    flows = pd.read_csv(path.parent / "output" / "tables" / "flows.csv")
    assert set(flows["origin"]) <= {"FR", "BE", "LU", "DE", "NL", "unknown", "outside"}
    assert set(flows["scenario_label"]) == {"My scenario"}
    record = json.loads((path.parent / "output" / "run.json").read_text())
    assert {item["name"] for item in record["inputs"]} >= {
        "depth",
        "substations",
        "borders",
        "flow-directions",
        "territories",
    }
    assert all(re.fullmatch("[0-9a-f]{64}", item["sha256"]) and item["licence"] for item in record["inputs"])
    assert record["hazards"][0]["status"] == "synthetic"


def test_two_runs_give_the_same_bytes(study):
    path = study(("csv: tables", "csv: tables\n  geopackage: a.gpkg"))
    for out in ("one", "two"):
        assert run("run", path, "--out", out, cwd=path.parent).returncode == 0
        time.sleep(1.1)  # a time of day in a file would differ
    files = sorted(p.relative_to(path.parent / "one") for p in (path.parent / "one").rglob("*") if p.is_file())
    assert len(files) == 8
    assert [f for f in files if (path.parent / "one" / f).read_bytes() != (path.parent / "two" / f).read_bytes()] == []


def test_the_tables_agree_with_the_geopackage(study):
    path = study(("csv: tables", "csv: tables\n  geopackage: a.gpkg"))
    assert run("run", path, cwd=path.parent).returncode == 0
    out = path.parent / "output"
    layers = set(gpd.list_layers(out / "a.gpkg")["name"])
    assert layers == {"zones", "territories", "substations", "flows", "shares", "notes", "sources", "layer_styles"}
    zones, table = gpd.read_file(out / "a.gpkg", layer="zones"), pd.read_csv(out / "tables" / "zones.csv")
    assert zones.crs == "EPSG:4326"
    assert zones["area_km2"].to_numpy() == pytest.approx(table["area_km2"].to_numpy())
    # drawn geometry and figures agree: geodesic areas of the outlines against areas from cells
    drawn = zones.to_crs(3035).area.sum() / 1e6
    assert drawn == pytest.approx(table["area_km2"].sum(), rel=1e-5)
    rows = pd.read_csv(out / "tables" / "assets.csv")
    flooded = rows[(rows["layer"] == "territories")]["affected"].sum()
    assert table["area_km2"].sum() == pytest.approx(flooded, rel=1e-9)


def test_the_command_line_in_a_process_of_its_own(study):
    """Output, errors and exit codes as a shell sees them, and no warning of a library among them."""
    path = study()
    good = subprocess.run([*COMMAND, "check", path], capture_output=True, text=True, check=False, cwd=path.parent)
    assert (good.returncode, good.stdout.strip()) == (0, f"{path} can run")
    assert good.stderr.strip() == "checking layers and parameters"
    path.write_text(STUDY.replace("assets:", "asets:"))
    bad = subprocess.run([*COMMAND, "check", path], capture_output=True, text=True, check=False, cwd=path.parent)
    assert_refused(bad, "has no key 'asets'")


def test_an_override_changes_the_study(study):
    path = study()
    done = run("run", path, "--set", "hazards.flood.levels=[0.3, 2]", "--set", "title=Mine", cwd=path.parent)
    assert done.returncode == 0, done.stderr
    record = json.loads((path.parent / "output" / "run.json").read_text())
    assert record["hazards"][0]["levels"] == [0.3, 2.0]
    assert record["study"]["title"] == "Mine"


def test_check_asks_without_computing(study):
    path = study()
    done = run("check", path, cwd=path.parent)
    assert (done.returncode, done.stdout.strip()) == (0, f"{path} can run")
    assert not (path.parent / "output").exists()


BAD = {
    "a misspelt key": (("assets:", "asets:"), r"line 10: the study has no key 'asets'.*did you mean 'assets'"),
    "a misspelt parameter": (("    origin:", "    orgin:"), r"line 8: hazards.flood has no key 'orgin'.*did you mean 'origin'"),
    "an unknown hazard": (("  flood:", "  flod:"), r"no hazard is called 'flod'.*did you mean 'flood'"),
    "an unknown output": (("  csv:", "  cvs:"), r"no output is called 'cvs'.*did you mean 'csv'"),
    "an unknown layer": (("territories: territories", "territories: teritories"), r"territories: .*'teritories'.*territories"),
    "an area that is none": (("[5.5, 50.6, 6.0, 51.1]", "[6.0, 50.6, 5.5, 51.1]"), r"line 2: area .*expected \[west, south, east, north\]"),
    "an area without data": (("[5.5, 50.6, 6.0, 51.1]", "[-30, 10, -29, 11]"), r"outside|no feature|expected"),
    "a path that leaves": (("csv: tables", "csv: ../../tables"), r"outputs.csv writes to '../../tables', which leaves the output folder"),
    "an absolute path": (("csv: tables", "csv: /tmp/hazardmap-leaves"), r"leaves the output folder"),
    "two outputs in one file": (("csv: tables", "csv: map.html\n  webmap: map.html"), r"outputs.csv and outputs.webmap both write to .*map.html"),
    "a YAML bomb": (("title: A test", "title: &a [x, x]\nnote: [*a, *a]"), r"line 1: an anchor or alias"),
    "levels out of order": (("    territories: borders", "    territories: borders\n    levels: [1, 0.5]"), r"levels are \[1.0, 0.5\]"),
    "no directions but borders": (("    territories: borders\n", ""), r"flow directions but no territories"),
    "a scenario without a layer": (("{ layer: depth.yaml,", "{ raster: depth.yaml,"), r"names no layer"),
    "a scenario with a strange key": (("class: medium", "klass: medium"), r"'klass'"),
    "a return period below 0": (("return_period: 100", "return_period: -1"), r"return period of -1"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD, ids=BAD)
def test_bad_studies_are_one_line_and_write_nothing(study, case):
    change, message = BAD[case]
    path = study(change)
    done = run("run", path, cwd=path.parent)
    assert_refused(done, message)
    assert not (path.parent / "output").exists()


WRONG_KIND = {
    "area: [5.5, 50.6, 6.0]": r"line 1: area is \[5.5, 50.6, 6.0\]; expected \[west, south, east, north\] in degrees",
    "area: [5,5, 50,6, 6,0, 51,1]": r"area is \[5, 5, 50, 6, 6, 0, 51, 1\]; expected .* decimal points; correct it",
    "area: ['5,5', '50,6', '6,0', '51,1']": r"area is .*; expected \[west",
    "territories: 5": r"territories is 5; expected the name of a layer",
    "hazards: [flood]": r"hazards is \['flood'\]; expected names of hazards",
    "assets: {plants: 5}": r"assets.plants is 5; expected names, each with that of a layer",
    "outputs: {webmap: }": r"outputs.webmap is None; expected names of outputs",
    "title: {en: 5}": r"title is \{'en': 5\}; expected a text",
    "title: {english: A test}": r"line 1: title is \{'english': .*; expected a text, or one in each of nl, fr, de, en",
    "assets: {zones: places}": r"a layer of assets is called 'zones', as is a table of the result; expected another",
    "outputs: {webmap: {path: map.html, zones: maybe}}": r"outputs.webmap.zones is 'maybe'; expected true or false",
    "outputs: {csv: {path: tables, restricted: 1}}": r"outputs.csv.restricted is '1'; expected true or false",
    "output: {webmap: map.html}": r"the study has no key 'output'.*did you mean 'outputs'",
}


@pytest.mark.parametrize("line", WRONG_KIND)
def test_a_value_of_the_wrong_kind_is_said_in_plain_words(tmp_path, line):
    parts = {
        "title": "title: A test",
        "area": "area: [5.5, 50.6, 6.0, 51.1]",
        "territories": "territories: territories",
        "hazards": "hazards: {flood: {depth: flood-depth-t100}}",
        "outputs": "outputs: {csv: tables}",
    }
    key = line.split(":")[0]
    parts = {key: line} | {name: text for name, text in parts.items() if name not in (key, f"{key}s")}
    file = tmp_path / "study.yaml"
    file.write_text("\n".join(parts.values()))
    with pytest.raises(hm.HazardmapError, match=WRONG_KIND[line]) as raised:
        hm.Study.from_yaml(file)
    assert "Input should" not in str(raised.value)
    assert "\n" not in str(raised.value)


def assert_refused(done, message):
    errors = [line for line in done.stderr.splitlines() if not line.startswith(("opening", "flood:", "writing"))]
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len(errors) == 1, errors
    assert re.search(message, errors[0]), errors[0]


def change_depth(folder, **changes):
    with rasterio.open(folder / "depth.tif") as file:
        profile, values = file.profile, file.read(1)
    values = changes.pop("values", values)
    with rasterio.open(folder / "depth.tif", "w", **{**profile, **changes}) as file:
        file.write(values, 1)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: change_depth(f, crs=None), r"no CRS"),
        (lambda f: (f / "depth.yaml").write_text("path: depth.tif\nlicence: CC0-1.0\n"), r"no units|has no units|units"),
        (lambda f: (f / "depth.yaml").write_text("path: depth.tif\nunits: pounds\n"), r"in 'pounds'; expected 'm'"),
        (lambda f: (f / "depth.tif").write_bytes((f / "depth.tif").read_bytes()[:3000]), r"depth.tif"),
        (lambda f: change_depth(f, values=np.full((300, 200), -1.0, "float32")), r"a value of -1; expected 0"),
        (lambda f: (f / "substations.yaml").write_text("path: substations.gpkg\nlayer: stations\ncolumns: {id: code}\n"), r"'stations'.*substations"),
        (lambda f: (f / "substations.yaml").write_text("path: substations.gpkg\ncrs: EPSG:4326\nlayer: substations\n"), r"EPSG:4326.*EPSG:28992|EPSG:28992.*EPSG:4326"),
    ],
    ids=["no CRS", "no units", "wrong units", "half a TIFF", "negative depth", "no such table", "another CRS"],
)  # fmt: skip
def test_bad_data_are_one_line_and_write_nothing(study, spoil, message):
    path = study()
    spoil(path.parent)
    done = run("run", path, cwd=path.parent)
    assert_refused(done, message)
    assert not (path.parent / "output").exists()


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ([shapely.Point(5.7, 251)], r"latitude of 251"),
        ([shapely.Point(5.7, float("nan"))], r"not finite|without geometry"),
        ([shapely.Point(float("inf"), 50.8)], r"not finite"),
        ([], r"empty"),
        ([shapely.Point(20, 40)], r"outside|no feature|does not|expected"),
    ],
    ids=["latitude 251", "NaN", "infinite", "empty", "outside"],
)
def test_bad_coordinates_are_one_line(study, geometry, message):
    path = study(("substations: substations.yaml", "substations: { path: sites.geojson }"))
    features = [
        f'{{"type": "Feature", "properties": {{"id": "a"}}, "geometry": {{"type": "Point", "coordinates": [{g.x}, {g.y}]}}}}'
        for g in geometry
    ]
    text = '{"type": "FeatureCollection", "features": [' + ",".join(features) + "]}"
    (path.parent / "sites.geojson").write_text(text.replace("nan", "NaN").replace("inf", "1e999"))
    done = run("run", path, cwd=path.parent)
    assert_refused(done, message)


def test_scenarios_on_different_grids_are_refused(study):
    path = study(
        (
            "return_period: 100 }",
            "return_period: 100 }\n      - { layer: shifted.yaml, label: other, return_period: 10 }",
        )
    )
    folder = path.parent
    with rasterio.open(folder / "depth.tif") as file:
        profile, values = file.profile, file.read(1)
    shifted = profile["transform"] * rasterio.Affine.translation(0.5, 0)
    with rasterio.open(folder / "shifted.tif", "w", **{**profile, "transform": shifted}) as file:
        file.write(values, 1)
    (folder / "shifted.yaml").write_text((folder / "depth.yaml").read_text().replace("depth.tif", "shifted.tif"))
    assert_refused(run("run", path, cwd=folder), r"T100 lies on .*but T10 lies on .*one grid|T100 lies on.*T10")


def test_invalid_rings_are_repaired_and_counted(study):
    path = study(("substations: substations.yaml", "sites: { path: sites.geojson }"))
    bow = '{"type": "Polygon", "coordinates": [[[5.7, 50.8], [5.8, 50.9], [5.8, 50.8], [5.7, 50.9], [5.7, 50.8]]]}'
    (path.parent / "sites.geojson").write_text(
        f'{{"type": "FeatureCollection", "features": [{{"type": "Feature", "properties": {{"id": "a"}}, "geometry": {bow}}}]}}'
    )
    done = run("run", path, cwd=path.parent)
    assert done.returncode == 0, done.stderr
    assert re.search(r"- sites: 1 .*repair", done.stdout)


def test_a_layer_that_must_not_be_redistributed_is_not_written(study):
    path = study()
    card = path.parent / "substations.yaml"
    card.write_text(card.read_text() + "redistribute: false\n")
    assert_refused(run("run", path, cwd=path.parent), r"'substations' must not be redistributed")
    with pytest.raises(OutputError, match=r"'substations' must not be redistributed"):
        Study.from_yaml(path).run(path.parent / "out", say=pytest.fail)  # before anything is opened
    changes = [
        f"--set={key}"
        for key in ("outputs.csv={path: tables, restricted: true}", "outputs.record={path: run.json, restricted: true}")
    ]
    assert run("run", path, *changes, cwd=path.parent).returncode == 0


def test_an_output_folder_that_cannot_be_written(study):
    path = study()
    (path.parent / "blocked").write_text("a file, no folder")
    assert_refused(run("run", path, "--out", "blocked", cwd=path.parent), r"cannot be written")


def test_a_killed_run_leaves_no_half_file(study):
    """Kill it at several moments; what stands under a final name is always whole."""
    path = study(("csv: tables", "csv: tables\n  geopackage: a.gpkg"))
    assert run("run", path, "--out", "whole", cwd=path.parent).returncode == 0
    whole = {p.name: p.read_bytes() for p in (path.parent / "whole").rglob("*") if p.is_file()}
    command = [*COMMAND, "run", str(path), "--out", "killed"]
    process = subprocess.Popen(
        command, cwd=path.parent, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if line.startswith("writing"):
            time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    process.stderr.close()
    found = [p for p in (path.parent / "killed").rglob("*") if p.is_file() and not p.name.startswith(".")]
    assert all(p.read_bytes() == whole[p.name] for p in found)
    assert len(found) < len(whole)


def test_the_version_is_said(tmp_path):
    done = run("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, f"hazardmap {metadata.version('hazardmap')}")
    assert hm.__version__ == metadata.version("hazardmap")


def test_wrong_usage_is_exit_code_2(tmp_path):
    assert run("run", cwd=tmp_path).returncode == 2
    assert run("nonsense", cwd=tmp_path).returncode == 2


def test_new_makes_a_study_that_checks(tmp_path):
    assert run("new", "mine", cwd=tmp_path).returncode == 0
    assert run("check", "mine/study.yaml", cwd=tmp_path).returncode == 0
    inside = run("new", "mine/study.yaml/more", cwd=tmp_path)
    assert inside.returncode == 1
    assert "cannot be written" in inside.stderr
    again = run("new", "mine", cwd=tmp_path)
    assert_refused(again, r"mine exists and is not empty")


def test_lists(tmp_path):
    layers = run("layers", cwd=tmp_path).stdout
    assert "borders" in layers
    assert "ODbL-1.0" in layers
    hazards = run("hazards", cwd=tmp_path).stdout
    assert "flood:" in hazards
    assert "min_upstream_km2" in hazards


def test_names_that_spreadsheets_take_for_formulas_are_text(study):
    path = study(("substations: substations.yaml", "sites: { path: sites.csv, columns: { lon: x, lat: y } }"))
    (path.parent / "sites.csv").write_text("id,name,x,y\na,=HYPERLINK(1),5.7,50.85\n")
    done = run("run", path, cwd=path.parent)
    assert done.returncode == 0, done.stderr
    rows = pd.read_csv(path.parent / "output" / "tables" / "assets.csv")
    assert rows.loc[rows["layer"] == "sites", "name"].tolist() == ["'=HYPERLINK(1)"]


def test_write_picks_the_output_by_its_ending(tmp_path):
    with pytest.raises(hm.HazardmapError, match=r"no output writes \.docx"):
        hm.write([], tmp_path / "a.docx")


def test_the_languages_of_a_study_are_those_of_map_and_portal():
    languages = get_args(get_args(get_args(Text)[1])[0])
    assert languages == model.LANGUAGES == words.LANGUAGES
