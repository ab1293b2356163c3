"""Benchmark of a long series: 720 months over 5,000 polygons. ``python -m scripts.bench.series`` writes a page.

The shapes are intersected once; each month then costs a pass over what was found. The peer is what an analyst would
write by hand: the covered cells of every polygon from exactextract, as a sparse matrix, times the months.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import xarray as xr
from affine import Affine

from scripts.bench.data import CRS, LEFT, SEED, TOP, shapes
from scripts.bench.run import timed

__all__ = ["TOOLS", "main"]

SIDE, CELL, MONTHS, POLYGONS = 400, 1_000.0, 720, 5_000
LEVELS = (-1.0, -1.5, -2.0)
SCALE = SIDE * CELL / (10_000 * 25.0)
"""The municipalities of the other benchmarks, stretched over this grid."""


def index_of(months: int) -> xr.DataArray:
    """Return a standardised index: noise, one cell in a hundred missing."""
    import rioxarray  # noqa: F401  (registers the accessor)

    noise = np.random.default_rng(SEED)
    values = noise.standard_normal((months, SIDE, SIDE), dtype=np.float32)
    values[:, noise.random((SIDE, SIDE)) < 0.01] = np.nan
    x, y = LEFT + CELL * (np.arange(SIDE) + 0.5), TOP - CELL * (np.arange(SIDE) + 0.5)
    raster = xr.DataArray(values, dims=("scenario", "y", "x"), coords={"y": y, "x": x}, attrs={"units": "1"})
    made: xr.DataArray = raster.rio.write_crs(CRS).rio.write_transform(Affine(CELL, 0, LEFT, 0, -CELL, TOP))
    return made


def municipalities() -> gpd.GeoDataFrame:
    """Return polygons over the whole grid."""
    import shapely

    frame = shapes("polygons", POLYGONS, 10_000)
    corner = np.array([LEFT, TOP])
    stretched = shapely.transform(frame.geometry.to_numpy(), lambda xy: corner + (xy - corner) * SCALE)
    return frame.set_geometry(gpd.GeoSeries(stretched, crs=frame.crs))


def ours(index: xr.DataArray, frame: gpd.GeoDataFrame) -> Any:
    """Mean, extremes and area per class of every month, areas on the ellipsoid."""
    import pandas as pd

    from hazardmap.coverage import zonal
    from hazardmap.footprint import Footprint, scenario_table

    months = [f"m{number}" for number in range(len(index))]
    footprint = Footprint(
        hazard="drought",
        intensity=index,
        units="1",
        levels=LEVELS,
        worse="lower",
        scenarios=scenario_table([{"id": month} for month in months]),
        shares=pd.DataFrame({"source": [0], "origin": ["none"], "share": [1.0]}),
    )
    found = zonal(frame.geometry.to_numpy(), footprint, levels=LEVELS, worse="lower")
    return found.total / found.covered


def by_hand(index: xr.DataArray, frame: gpd.GeoDataFrame) -> Any:
    """Return the mean alone: covered cells from exactextract, times the months."""
    from exactextract import exact_extract
    from scipy.sparse import csr_matrix

    first = index[0].fillna(0.0).rio.write_crs(CRS)
    found = exact_extract(first, frame, ["cell_id", "coverage"], output="pandas")
    row = np.repeat(np.arange(len(frame)), found["cell_id"].map(len))
    column = np.concatenate(found["cell_id"].to_numpy()).astype(np.int64)
    weights = csr_matrix((np.concatenate(found["coverage"].to_numpy()), (row, column)), (len(frame), SIDE * SIDE))
    values = index.to_numpy().reshape(len(index), -1)
    known = ~np.isnan(values)
    return (weights @ np.where(known, values, 0.0).T) / (weights @ known.T.astype(np.float32))


TOOLS = {"hazardmap": ours, "exactextract and scipy": by_hand}


def main() -> None:
    """Run each tool in a process of its own, in turn, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.series", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks-series.md"))
    parser.add_argument("--one", nargs=2, metavar=("TOOL", "MONTHS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_once(options.one[0], int(options.one[1]))))
        return
    work = [(tool, months) for months in (1, 12, MONTHS) for tool in TOOLS]
    figures: dict[tuple[str, int], list[dict[str, Any]]] = {each: [] for each in work}
    for number in range(options.rounds):
        for tool, months in work:
            print(f"round {number + 1}: {tool}, {months} months", file=sys.stderr)
            command = [sys.executable, "-m", "scripts.bench.series", "--one", tool, str(months)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            figures[tool, months].append(json.loads(done.stdout.splitlines()[-1]))
    text = _page(figures)
    print(text)
    options.output.write_text(text, encoding="utf-8")


def _once(tool: str, months: int) -> dict[str, Any]:
    frame = municipalities()
    TOOLS[tool](index_of(2), frame.iloc[:20])  # imports and compiled kernels
    TOOLS[tool](index_of(20), frame.iloc[:20])
    index = index_of(months)
    found, mean = timed(lambda: TOOLS[tool](index, frame))
    return found | {"check": float(np.nansum(np.abs(mean)))}


def _page(figures: dict[tuple[str, int], list[dict[str, Any]]]) -> str:
    def median(tool: str, months: int, what: str) -> float:
        return float(statistics.median(each[what] for each in figures[tool, months]))

    rows = [
        f"| {tool} | {months} | {median(tool, months, 'cpu'):.2f} | "
        f"{median(tool, months, 'cpu') / median(tool, 1, 'cpu'):.1f} | {median(tool, months, 'rss'):.0f} |"
        for tool, months in figures
    ]
    one, other = (figures[tool, MONTHS][-1]["check"] for tool in TOOLS)
    return _TEXT.format(
        rows="\n".join(rows),
        polygons=POLYGONS,
        months=MONTHS,
        side=SIDE,
        ratio=median("hazardmap", MONTHS, "cpu") / median("exactextract and scipy", MONTHS, "cpu"),
        off=abs(one - other) / other,
    )


_TEXT = """# Benchmark: a long series

Made by `python -m scripts.bench.series` (extra `bench`). {polygons:,} polygons over {side} x {side} cells, {months}
months in memory; every tool in a process of its own, in turn; medians. "by hand" is exactextract for the covered cells
and a sparse matrix times the months: it gives the mean alone. hazardmap gives mean, extremes, covered area and the area
per class, on the ellipsoid.

| tool | months | CPU s | months / one month | peak MB |
|---|---|---|---|---|
{rows}

{months} months: hazardmap takes {ratio:.2f} of the CPU time of the sparse matrix by hand; the sums of all means differ
by {off:.1e}.
"""


if __name__ == "__main__":
    main()
