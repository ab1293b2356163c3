"""The worked example of drought: the study through the command line, its map, and what is refused in one line."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hazardmap as hm
from hazardmap.outputs.webmap.adapt import page_of
from hazardmap.outputs.webmap.model import BaseMap
from hazardmap.outputs.webmap.page import encode_page
from tests.commandline import run

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "examples" / "drought" / "study.yaml"
YEAR = ("--set", "hazards.drought.first='2025-01'")
FEW = ("--set", "assets={river-users: river-users}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Output of the example, of its last year and without its larger layers."""
    folder = tmp_path_factory.mktemp("drought")
    done = run("run", STUDY, *YEAR, *FEW, "--out", folder / "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def test_the_study_runs_and_says_that_it_is_invented(folder):
    rows = pd.read_csv(folder / "out" / "tables" / "assets.csv")
    assert set(rows["data_status"]) == {"synthetic"}
    assert rows["scenario"].nunique() == 12
    page = (folder / "out" / "map.html").read_text(encoding="utf-8")
    assert '"status":"synthetic"' in page
    assert "invented" in page
    said = (folder / "said.txt").read_text(encoding="utf-8")
    assert re.search(r"river-users \[count\]", said)
    assert "SPEI-3" in said


def test_who_depends_on_whom_adds_up(folder):
    flows = pd.read_csv(folder / "out" / "tables" / "flows.csv", keep_default_na=False)
    assert set(flows["measure"]) == {"river-users"}
    assert "none" not in set(flows["origin"])
    keys = ["scenario", "level", "territory"]
    np.testing.assert_allclose(flows.groupby(keys)["attributed"].sum(), flows.groupby(keys)["total"].first())
    rows = pd.read_csv(folder / "out" / "tables" / "assets.csv")
    heel = rows[(rows["name"] == "Heel") & (rows["status"] == "hit")]
    assert (heel["foreign_share"] > 0.9).all()  # the Meuse has hardly been in the Netherlands yet
    assert rows[rows["layer"] == "territories"]["foreign_share"].isna().all()


@pytest.fixture(scope="module")
def series():
    """Function that gives the size of the payload of so many months of the pack's region, on cells of some degrees."""
    land = hm.layer("territories").open(area=(4.6, 49.9, 7.4, 52.0))

    def size(cell, months):
        random = np.random.default_rng(2)
        times = pd.date_range("1991-01-01", "2020-12-01", freq="MS")
        lat, lon = np.arange(52, 49.9, -cell), np.arange(4.6, 7.4, cell)
        x, y = np.meshgrid(lon, lat)
        waves = [np.cos(7 * (np.cos(a) * x + np.sin(a) * y)) for a in random.uniform(0, 6.3, 6)]
        rain = np.exp(0.35 * np.einsum("tk,kyx->tyx", random.standard_normal((360, 6)), waves)) * 60
        rain *= random.gamma(60, 1 / 60, rain.shape)
        field = xr.DataArray(
            rain, dims=("time", "y", "x"), coords={"time": times, "y": lat, "x": lon}, attrs={"units": "mm"}
        )
        first = str(times[-months])[:7]
        drought = hm.drought(field.rio.write_crs(4326), first=first, last="2020-12")
        result = hm.overlay(drought, land)
        page = page_of([result], title="t", language="en", base=BaseMap(), made=None)
        encoded = encode_page(page)
        return sum(len(each) for each in encoded.payloads.values()) * 4 / 3 + len(str(encoded.description))

    return size


def test_sixty_months_add_little_to_the_map(series):
    """On cells of 0.1 degree, rough from one cell to the next, as a reanalysis has them."""
    assert series(0.1, 60) - series(0.1, 1) < 300_000


def test_an_event_is_one_scenario(tmp_path):
    done = run(
        "run", STUDY, *YEAR, *FEW, "--set", "hazards.drought.event=true", "--set", "outputs={csv: tables}", "--out", tmp_path, cwd=tmp_path
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(pd.read_csv(tmp_path / "tables" / "assets.csv")["scenario"]) == {"2025-01_2025-12"}


# What is refused


def rain_file(path, times, **changes):
    values = np.random.default_rng(1).gamma(3, 25, (len(times), 6, 6))
    coords = {"time": times, "lat": 52 - 0.25 * np.arange(6), "lon": 5 + 0.25 * np.arange(6)}
    data = xr.DataArray(values, dims=("time", "lat", "lon"), coords=coords, attrs={"units": "mm"}, name="pr")
    for change in changes.values():
        data = change(data)
    data.to_netcdf(path, engine="h5netcdf")


TIMES = pd.date_range("1991-01-01", "2020-12-01", freq="MS")


def rotated(data):
    turned = data.rename(lat="rlat", lon="rlon")
    turned["rlat"].attrs["standard_name"] = "grid_latitude"
    turned["rlon"].attrs["standard_name"] = "grid_longitude"
    return turned


BAD = {
    "no time axis": (TIMES, lambda d: d[0].drop_vars("time"), "dimensions"),
    "twice": (TIMES.insert(5, TIMES[5]), lambda d: d, "1991-06 twice"),
    "unsorted": (TIMES[::-1], lambda d: d, "back in time"),
    "gap": (TIMES.delete(100), lambda d: d, "lacks 1 "),
    "29 years": (TIMES[12:], lambda d: d, "29 whole years"),
    "all zero": (TIMES, lambda d: d * 0, "rain is 0"),
    "no units": (TIMES, lambda d: d.drop_attrs(), "no units"),
    "kelvins": (TIMES, lambda d: d.assign_attrs(units="K"), "units 'K'"),
    "rotated": (TIMES, rotated, "rotated pole"),
}


@pytest.mark.parametrize(("times", "change", "words"), BAD.values(), ids=BAD)
def test_bad_rain_is_one_line_and_nothing_is_written(tmp_path, times, change, words):
    rain_file(tmp_path / "rain.nc", times, change=change)
    shutil.copy(STUDY, tmp_path / "study.yaml")
    keys = "{rain: rain.nc, months: 3, first: '2020-01', last: '2020-12'}"
    done = run("run", "study.yaml", *FEW, "--set", f"hazards.drought={keys}", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1
    fault = done.stderr.strip().splitlines()[-1]
    assert words in fault
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").rglob("*.*"))


def test_kelvins_called_celsius_are_refused(tmp_path):
    rain_file(tmp_path / "rain.nc", TIMES)
    rain_file(tmp_path / "warm.nc", TIMES, change=lambda d: (d * 0 + 280.0).assign_attrs(units="degC").rename("tas"))
    shutil.copy(STUDY, tmp_path / "study.yaml")
    keys = "{rain: rain.nc, temperature: warm.nc, index: spei, first: '2020-01'}"
    done = run("run", "study.yaml", *FEW, "--set", f"hazards.drought={keys}", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert "280 degC" in done.stderr


@pytest.mark.parametrize(
    ("rain", "words"), [("borders", "hazards.drought.rain is a vector layer; expected a raster"), ("5", "a layer is 5")]
)
def test_what_is_no_layer_of_rain_is_one_line(tmp_path, rain, words):
    keys = f"{{rain: {rain}, months: 3}}"
    done = run("run", STUDY, *FEW, "--set", f"hazards.drought={keys}", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 1
    assert words in done.stderr.strip().splitlines()[-1]


def test_the_analyst_script_runs(tmp_path):
    script = ROOT / "examples" / "drought" / "analyst.py"
    done = subprocess.run(
        [sys.executable, "-W", "error", script, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "user-11" not in done.stdout
    assert re.search(r"Heel\s+NL\s+[\d.]+\s+0\.9\d", done.stdout)
    assert (tmp_path / "drought.html").is_file()
