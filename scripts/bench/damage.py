"""Measures damage per building against damagescanner: ``python -m scripts.bench.damage [--quick]``.

damagescanner needs Python 3.12 or newer.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from scripts.bench import damage_truth as truth
from scripts.bench.data import CELL, CRS, depths, shapes
from scripts.bench.run import timed
from scripts.bench.tools import read

Floats = npt.NDArray[np.float64]
Figures = dict[str, list[dict[str, float]]]

PERIODS = (10, 25, 50, 100, 200, 500)
PRICE = 783.04
CURVE = "residential"
PEER = "damagescanner"
OURS, OVERLAY, FLOOR = "hazardmap, engine", "hazardmap, overlay", "reading, 1 thread"
CALCULATE, RISK = f"{PEER}, calculate", f"{PEER}, risk"


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    side: int
    buildings: int


FULL, QUICK = Size(5_000, 100_000), Size(2_400, 5_000)


def files(folder: Path) -> list[Path]:
    """Return one file of depths per return period."""
    return [folder / f"T{period}.tif" for period in PERIODS]


def footprint(folder: Path) -> Any:
    """Return a flood through the door of the program: cards, checks, lazy rasters."""
    import hazardmap as hm

    rasters = [hm.layer({"path": str(path), "units": "m"}).open() for path in files(folder)]
    return hm.flood(
        [{"layer": raster, "return_period": period} for raster, period in zip(rasters, PERIODS, strict=True)]
    )


def engine(folder: Path, buildings: gpd.GeoDataFrame) -> Floats:
    """Integrate the curve over the cells of each building: damage, and what every overlay measures besides."""
    from hazardmap import checks
    from hazardmap.catalog import damage_tables
    from hazardmap.coverage import zonal

    flood = footprint(folder)
    curve = damage_tables().curves[CURVE]
    checks.require_features(buildings, name="buildings")
    checks.require_same_crs(buildings, flood.crs, name="buildings", other="the depths")
    nodes = (curve.depth, curve.factor)
    found = zonal(buildings.geometry.to_numpy(), flood, levels=flood.levels, function=nodes)
    return np.asarray(found.integral) * PRICE


def overlay(folder: Path, buildings: gpd.GeoDataFrame) -> Floats:
    """Overlay in full: cut at borders, rows, classes, sources, notes."""
    import hazardmap as hm

    assets = buildings.assign(curve=CURVE, max_damage=PRICE)
    assets.attrs["units"] = {"max_damage": "EUR2010/m2"}
    west, south, east, north = buildings.total_bounds
    land = gpd.GeoDataFrame(
        {"id": ["X"], "country": ["DE"]}, geometry=[shapely.box(west - CELL, south, east + CELL, north)], crs=CRS
    )
    found = hm.overlay(footprint(folder), land, {"buildings": assets}, damage=hm.damage_tables()).assets
    rows = found.loc[found["layer"] == "buildings", "damage"].to_numpy()
    return np.asarray(rows.reshape(len(buildings), len(PERIODS)))


def _scanner(path: Path, buildings: gpd.GeoDataFrame) -> Any:
    import pandas as pd
    from damagescanner.core import DamageScanner

    from hazardmap.catalog import damage_tables

    curve = damage_tables().curves[CURVE]
    curves = pd.DataFrame({CURVE: curve.factor}, index=pd.Index(curve.depth))
    prices = pd.DataFrame({"object_type": [CURVE], "damage": [PRICE]})
    return DamageScanner(path, buildings.assign(object_type=CURVE, osm_id=buildings["id"]), curves, prices)


def calculate(folder: Path, buildings: gpd.GeoDataFrame) -> Floats:
    """Call damagescanner once for each return period: damage of each building."""
    found = [_scanner(path, buildings).calculate(disable_progress=True)["damage"] for path in files(folder)]
    return np.column_stack([each.to_numpy(dtype=float) for each in found])


def risk(folder: Path, buildings: gpd.GeoDataFrame) -> Floats:
    """Call what damagescanner has for several return periods: expected annual damage of each building."""
    paths = dict(zip(PERIODS, files(folder), strict=True))
    found = _scanner(paths[PERIODS[0]], buildings).risk(paths)["risk"]
    return np.asarray(found.to_numpy(dtype=float))[:, None]


def reading(folder: Path, buildings: gpd.GeoDataFrame) -> Floats:  # noqa: ARG001
    """Decode every block of the six files once."""
    for path in files(folder):
        read(path, 1)
    return np.empty((0, 0))


TOOLS: dict[str, Callable[[Path, gpd.GeoDataFrame], Floats]] = {
    OURS: engine,
    OVERLAY: overlay,
    CALCULATE: calculate,
    RISK: risk,
    FLOOR: reading,
}


def main() -> None:
    """Parse, make the data, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.damage", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small rasters and few buildings: does it run at all")
    parser.add_argument("--rounds", type=int, default=3, help="how often ours runs, damagescanner once (default 3)")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks-damage.md"), help="where the page goes")
    parser.add_argument("--one", nargs=4, metavar=("TOOL", "FOLDER", "SIDE", "BUILDINGS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        tool, folder, side, count = options.one
        one(tool, Path(folder), Size(int(side), int(count)))
        return
    size = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        text = measure(size, Path(folder), options.rounds)
    print(text)
    if not options.quick:
        options.output.write_text(text, encoding="utf-8")


def measure(size: Size, folder: Path, rounds: int) -> str:
    """Run every tool in a process of its own, in turn; return the page."""
    for name, side in ((".", size.side), ("warm", 600)):
        (folder / name).mkdir(exist_ok=True)
        for number, path in enumerate(files(folder / name)):
            depths(path, side, deeper_m=0.3 * number)
    figures: Figures = defaultdict(list)
    answers = {}
    for number in range(rounds):
        for tool in TOOLS:
            if tool.startswith(PEER) and (number or not _installed()):
                continue
            print(f"round {number + 1}: {tool}", file=sys.stderr)
            command = [sys.executable, "-m", "scripts.bench.damage", "--one", tool, str(folder)]
            done = subprocess.run(
                [*command, str(size.side), str(size.buildings)], check=False, capture_output=True, text=True
            )
            if done.returncode:
                raise SystemExit(f"{tool} failed:\n{done.stderr[-2000:]}")
            figures[tool].append(json.loads(done.stdout.splitlines()[-1]))
            answers[tool] = np.load(folder / "answer.npy")
    return page(figures, answers, size, checks_of(folder, size, answers[OURS]))


def one(tool: str, folder: Path, size: Size) -> None:
    """Run one tool and print its figures."""
    TOOLS[tool](folder / "warm", shapes("buildings", 50, 600))  # imports, compiled kernels, pools
    buildings = shapes("buildings", size.buildings, size.side)
    figures, answer = timed(lambda: TOOLS[tool](folder, buildings))
    np.save(folder / "answer.npy", answer)
    print(json.dumps(figures))


def checks_of(folder: Path, size: Size, damage: Floats) -> list[str]:
    """Say who is right where ways differ."""
    from hazardmap.catalog import damage_tables
    from hazardmap.coverage import zonal

    curve = damage_tables().curves[CURVE]
    buildings = shapes("buildings", size.buildings, size.side)
    some = 200
    referee = truth.cell_by_cell(files(folder), buildings.iloc[:some], curve, PRICE)
    found = zonal(buildings.geometry.to_numpy(), footprint(folder), levels=(0.1,))
    with np.errstate(invalid="ignore"):
        mean = found.total / found.covered
    short = truth.mean_depths(mean, damage, found.covered, curve, PRICE)
    lines = [
        f"- {some} buildings cut cell by cell with shapely: the engine differs by {_off(damage[:some], referee):.1e}.",
        f"- The mean depth of each building put through the curve: wrong by up to {short:.0%} of its damage.",
    ]
    for tool, ratio in truth.degrees(folder, curve, PRICE).items():
        lines.append(
            f"- Raster in degrees, 1 m deep, 49 to 54 N, damage over area x factor x price: {tool} "
            f"{ratio.min():.6f} to {ratio.max():.6f}, median {np.median(ratio):.6f}."
        )
    if len(lines) > 3:
        lines.append(
            "  damagescanner takes every cell for a square with the height of a degree of latitude, and counts cells "
            "twice for shapes across the edges of its tiles of half a degree."
        )
    sums = truth.land_use(folder, curve, PRICE)
    if sums is not None:
        lines.append(
            f"- damagescanner's raster way on 1,000 x 1,000 cells of one class, 1 m deep: {sums[0]:,.0f} EUR; it is "
            f"{sums[1]:,.0f} EUR. It sums in int32, which ends at 2.1 thousand million."
        )
    return lines


def page(figures: Figures, answers: dict[str, Floats], size: Size, checked: list[str]) -> str:
    """Return the page as Markdown."""
    title = f"## {size.buildings:,} buildings, {len(PERIODS)} return periods of {size.side:,} x {size.side:,} cells\n"
    lines = [
        INTRODUCTION,
        f"Run on {_machine()}.\n",
        title,
        "| | CPU s | wall s | CPU: hazardmap's engine / this | peak MB |",
        "|---|---|---|---|---|",
    ]
    for tool, runs in figures.items():
        cpu, wall = (median(run[key] for run in runs) for key in ("cpu", "wall"))
        memory = max(run["rss"] for run in runs)
        lines.append(f"| {tool} | {cpu:.2f} | {wall:.2f} | {_ratio(figures, OURS, tool):.3g} | {memory:.0f} |")
    lines += ["", *_targets(figures, answers), "", *_differences(answers), "", "## Who is right\n", *checked, ""]
    return "\n".join(lines)


def _ratio(figures: Figures, one: str, other: str, key: str = "cpu") -> float:
    return median(run[key] for run in figures[one]) / median(run[key] for run in figures[other])


def _targets(figures: Figures, answers: dict[str, Floats]) -> list[str]:
    goals = [(OURS, FLOOR, "cpu", 2.0)]
    for tool in (OURS, OVERLAY):
        for other in filter(figures.__contains__, (RISK, CALCULATE)):
            goals += [(tool, other, "cpu", 1 / 30), (tool, other, "rss", 1.0)]
    lines = ["## Targets\n", "| | figure | at most | measured | |", "|---|---|---|---|---|"]
    for tool, other, key, most in goals:
        found = _ratio(figures, tool, other, key)
        figure = {"cpu": "CPU", "rss": "peak memory"}[key]
        lines.append(f"| {tool} / {other} | {figure} | {most:.3g} | {found:.3g} | {_verdict(found <= most)} |")
    ours = answers[OURS]
    same = _off(answers[OVERLAY], ours)
    lines.append(f"| overlay against engine | damage of a building | 1e-09 | {same:.1e} | {_verdict(same <= 1e-9)} |")
    pairs = [(CALCULATE, ours, "damage of a building"), (RISK, _annual(ours), "expected annual damage of a building")]
    for tool, expected, what in pairs:
        if tool in answers:
            off = _off(answers[tool], expected)
            lines.append(f"| {tool} against engine | {what} | 1e-06 | {off:.1e} | {_verdict(off <= 1e-6)} |")
    return lines


def _off(found: Floats, expected: Floats) -> float:
    """Largest relative difference of what both know to be more than 0."""
    known = (expected > 0) & ~np.isnan(found)
    return float(np.abs(found[known] / expected[known] - 1).max())


def _annual(damage: Floats) -> Floats:
    """Expected annual damage by the trapezoid without tails, which is what damagescanner does."""
    from hazardmap.curves import expected_annual

    probability = 1 / np.asarray(PERIODS, dtype=float)
    return expected_annual(probability, np.nan_to_num(damage), rare_tail="none")[:, None]


def _verdict(met: bool) -> str:  # noqa: FBT001
    return "met" if met else "**missed**"


def _differences(answers: dict[str, Floats]) -> list[str]:
    """Say where the damages differ."""
    ours = answers[OURS]
    lines = [
        "## Agreement\n",
        f"- The engine finds {np.nansum(ours):,.0f} EUR in all scenarios together.",
    ]
    if CALCULATE in answers:
        theirs = answers[CALCULATE]
        unlike = (np.abs(theirs / np.where(ours > 0, ours, np.nan) - 1) > 1e-6).any(axis=1)
        blank = int(((ours > 0) & np.isnan(theirs)).sum())
        lines += [
            f"- damagescanner finds {np.nansum(theirs):,.0f} EUR, and no value for {blank:,} damages of the engine.",
            f"- Buildings whose damages differ by more than 1e-6: {int(unlike.sum()):,} of {len(ours):,}.",
        ]
    return lines


def _installed() -> bool:
    try:
        return bool(version(PEER))
    except PackageNotFoundError:
        print(f"{PEER} is not installed: left out (extra bench, Python 3.12 or newer)", file=sys.stderr)
        return False


def _machine() -> str:
    names = ("numpy", "numba", "rasterio", "shapely", "damagescanner", "exactextract")
    known = [f"{name} {version(name)}" for name in names if name != PEER or _installed()]
    load = f"load average {os.getloadavg()[0]:.1f} at the end, " if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores, {load}{platform.system()}, Python {platform.python_version()}, " + ", ".join(known)


INTRODUCTION = """# Benchmark: damage per building

Made by `python -m scripts.bench.damage` (extra `bench`, Python 3.12 or newer), which writes this page. It makes its own
data from a seed: one file of depths per return period (tiled, deflate, EPSG:3035, cells of 25 m) and rectangles of 6 to
40 m a side. Every tool runs in a process of its own; CPU and wall time leave out imports and kernels compiled before;
peak memory is that of the whole process. Read the ratios: times do not carry over between machines.

- **hazardmap, engine**: the door (cards, checks, lazy rasters), then `coverage.zonal(function=...)`: the curve is
  integrated over the cells of each building, all return periods at once.
- **hazardmap, overlay**: `hm.overlay` with damage tables: the same damages, and besides cut at borders, classes,
  sources, flows, notes and one row per building and return period.
- **damagescanner, calculate**: `DamageScanner(...).calculate()` once for each return period.
- **damagescanner, risk**: `DamageScanner(...).risk()`, its call for several return periods; it returns the expected
  annual damage only.
- **reading**: decodes every block of the six files once and looks at nothing.

All take the same curve (JRC, residential) and price, and weigh each cell by the part that a building covers.
"""

if __name__ == "__main__":
    main()
