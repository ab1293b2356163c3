"""Measure the web map with many features: size, time to ready, memory of the renderer. Slow; not part of the tests.

python scripts/map_scale.py             # 20,000 and 100,000 polygons, 1,000,000 points
python scripts/map_scale.py 5000        # polygons only, that many
"""

import shutil
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from hazardmap.outputs.webmap import BaseMap, Page, map_of, save
from hazardmap.outputs.webmap.model import Attribute, FeatureLayer

CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ATTRIBUTES = (
    Attribute(name="name", title="Name"),
    Attribute(name="depth", title="Depth", units="m", digits=2, kind="number"),
)


class Measured(NamedTuple):
    """Size of the file in MB, seconds to write it and until it is ready, and memory of the renderer in MB."""

    megabytes: float
    write_s: float
    ready_s: float
    renderer_mb: float


def polygons(count: int) -> gpd.GeoDataFrame:
    """Polygons of 8 vertices, a few hundred metres wide, over 2..9 E and 48..54 N."""
    rng = np.random.default_rng(1)
    middles = rng.uniform((2, 48), (9, 54), (count, 2))
    middles = middles[np.lexsort((middles[:, 0], (middles[:, 1] * 20).astype(int)))]
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    radius = rng.uniform(0.001, 0.004, (count, 8))
    ring = np.stack([middles[:, :1] + radius * np.cos(angle), middles[:, 1:] + 0.6 * radius * np.sin(angle)], axis=2)
    return _frame(shapely.polygons(ring), rng)


def points(count: int) -> gpd.GeoDataFrame:
    """Points over 2..9 E and 48..54 N, in rows from south to north."""
    rng = np.random.default_rng(2)
    places = rng.uniform((2, 48), (9, 54), (count, 2))
    return _frame(shapely.points(places[np.lexsort((places[:, 0], (places[:, 1] * 50).astype(int)))]), rng)


def _frame(shapes: Any, rng: np.random.Generator) -> gpd.GeoDataFrame:
    names = np.char.add("Area ", rng.integers(0, 500, len(shapes)).astype(str))
    depth = rng.gamma(1.5, 0.8, len(shapes)).round(2)
    return gpd.GeoDataFrame({"name": names, "depth": depth}, geometry=shapes, crs=4326)


def measure(frame: gpd.GeoDataFrame) -> Measured:
    """Write a map of one layer and open it in headless Chromium."""
    from playwright.sync_api import sync_playwright

    layer = FeatureLayer(name="many", title="Many", frame=frame, attributes=ATTRIBUTES)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "map.html"
        started = perf_counter()
        save(map_of(Page(title="Many", context=(layer,), base=BaseMap())), path)
        written = perf_counter() - started
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS)
        tab = browser.new_page()
        started = perf_counter()
        tab.goto(path.as_uri())
        tab.wait_for_function("() => window.hazardmap && window.hazardmap.ready", timeout=120_000)
        ready = perf_counter() - started
        memory = _renderer_mb(browser)
        browser.close()
        return Measured(path.stat().st_size / 1e6, written, ready, memory)


def _renderer_mb(browser: Any) -> float:
    """Resident memory of the largest renderer (Linux)."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    sizes = []
    for process in processes:
        if process["type"] == "renderer":
            status = Path(f"/proc/{process['id']}/status").read_text(encoding="utf-8")
            sizes.append(int(status.partition("VmRSS:")[2].split()[0]) / 1000)
    return max(sizes)


def main() -> None:
    """Measure and print a table."""
    given = [int(text) for text in sys.argv[1:]]
    cases = [(f"{n:,} polygons", polygons, n) for n in given or (20_000, 100_000)]
    if not given:
        cases.append(("1,000,000 points", points, 1_000_000))
    print(f"{'':20}{'MB':>8}{'write s':>10}{'ready s':>10}{'RSS MB':>10}")
    for name, make, count in cases:
        found = measure(make(count))
        print(f"{name:20}{found.megabytes:8.1f}{found.write_s:10.1f}{found.ready_s:10.1f}{found.renderer_mb:10.0f}")


if __name__ == "__main__":
    main()
