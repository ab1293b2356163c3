"""Measure the web map beside plain folium and geopandas.explore: size, time to ready, memory of the renderer.

    python scripts/map_bench.py                          # all; about ten minutes; writes docs/map-benchmarks.md
    python scripts/map_bench.py --only 1000 20000        # these numbers of polygons, printed only

The scripts that folium loads from elsewhere are served from the files that the map carries (Leaflet) or left empty
(jQuery, Bootstrap), and no tiles are loaded: what is measured is the work, not the network.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import folium
import geopandas as gpd
import numpy as np
import shapely

from hazardmap.outputs.webmap import BaseMap, Page, map_of, save
from hazardmap.outputs.webmap.figure import asset
from hazardmap.outputs.webmap.model import Attribute, FeatureLayer, Hazard, Scenario

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "map-benchmarks.md"
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
LONGEST_S = 120
POLYGONS = (1_000, 20_000, 100_000)
ATTRIBUTES = (
    Attribute(name="name", title="Name"),
    Attribute(name="depth", title="Depth", units="m", digits=2, kind="number"),
    Attribute(name="status", kind="code", per_scenario=True),
)
SCENARIO = Scenario(id="T100", label="T100")
COLOURS = ("#d1495b", "#b78a00", "#5f7388")  # of the statuses 0, 1, 2
# jQuery only as far as folium's own scripts call it.
JQUERY = asset("js/shim.js")


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
    status = 2 - np.digitize(depth, [0.5, 1.5])
    return gpd.GeoDataFrame({"name": names, "depth": depth, "status": status}, geometry=shapes, crs=4326)


def write_ours(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write the web map of hazardmap."""
    frame = frame.rename(columns={"status": f"status@{SCENARIO.id}"})
    layer = FeatureLayer(name="many", title="Many", frame=frame, attributes=ATTRIBUTES, status="status")
    hazard = Hazard(name="flood", title="Flood", units="m", levels=(0.5,), scenarios=(SCENARIO,), assets=(layer,))
    save(map_of(Page(title="Many", hazards=(hazard,), base=BaseMap())), path)


def write_folium(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write folium's own layer, on a canvas, coloured by status, with tooltips."""
    view = folium.Map([51, 5.5], zoom_start=7, tiles=None, prefer_canvas=True)
    tooltip = folium.GeoJsonTooltip(["name", "depth"])
    folium.GeoJson(
        frame, style_function=lambda feature: {"color": COLOURS[feature["properties"]["status"]]}, tooltip=tooltip
    ).add_to(view)
    view.save(path)


def write_explore(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write what geopandas shows of a frame, coloured by status."""
    frame.explore("status", categorical=True, cmap=list(COLOURS), tiles=None, prefer_canvas=True).save(path)


WAYS: dict[str, Callable[[gpd.GeoDataFrame, Path], None]] = {
    "hazardmap": write_ours,
    "folium.GeoJson": write_folium,
    "geopandas.explore": write_explore,
}


def measure(write: Callable[[gpd.GeoDataFrame, Path], None], frame: gpd.GeoDataFrame) -> Measured | None:
    """Write a map and open it in headless Chromium; None when it is not ready within two minutes."""
    from playwright.sync_api import TimeoutError as TooLong
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "map.html"
        started = perf_counter()
        write(frame, path)
        written = perf_counter() - started
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS)
        tab = browser.new_page()
        tab.route("**/*", _from_disk)
        started = perf_counter()
        try:
            tab.goto(path.as_uri(), wait_until="load", timeout=LONGEST_S * 1000)
            ready = "() => window.hazardmap ? Boolean(window.hazardmap.ready) : window.drawn"
            tab.evaluate("() => requestAnimationFrame(() => requestAnimationFrame(() => { window.drawn = true; }))")
            tab.wait_for_function(ready, timeout=LONGEST_S * 1000)
            took = perf_counter() - started
            memory = _renderer_mb(browser)
        except TooLong:
            return None
        finally:
            browser.close()
        return Measured(path.stat().st_size / 1e6, written, took, memory)


def _from_disk(route: Any) -> None:
    """Answer what a page asks of other hosts: Leaflet from here, the rest empty."""
    url = route.request.url
    if url.split(":")[0] in ("file", "data", "blob"):
        route.continue_()
    elif url.endswith("leaflet.js"):
        route.fulfill(body=asset("leaflet/leaflet.js"), content_type="text/javascript")
    elif "jquery" in url:
        route.fulfill(body=JQUERY, content_type="text/javascript")
    else:
        route.fulfill(body="", content_type="text/javascript" if url.endswith(".js") else "text/css")


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


def rows(counts: tuple[int, ...], *, many_points: bool) -> list[str]:
    """Measure every way with every number of polygons; return the lines of a table."""
    lines = []
    for count in counts:
        frame = polygons(count)
        for name, write in WAYS.items():
            label = f"{count:,} polygons"
            lines.append(_line(label, name, measure(write, frame)))
            print(lines[-1], flush=True)
    if many_points:
        lines.append(_line("1,000,000 points", "hazardmap", measure(write_ours, points(1_000_000))))
        print(lines[-1], flush=True)
    return lines


def _line(label: str, name: str, found: Measured | None) -> str:
    if found is None:
        return f"| {label} | {name} | | | not ready in {LONGEST_S} s | |"
    return (
        f"| {label} | {name} | {found.megabytes:.1f} | {found.write_s:.1f} | {found.ready_s:.1f} "
        f"| {found.renderer_mb:.0f} |"
    )


def report(lines: list[str]) -> str:
    """Text of the page of results."""
    from importlib.metadata import version

    versions = ", ".join(f"{name} {version(name)}" for name in ("folium", "geopandas"))
    return f"""# The map beside folium and geopandas.explore

Polygons of 8 vertices with a name and a depth, coloured by status, spread over the Benelux, Germany's west and the
north of France; one layer, no tiles, canvas renderer for all. `ready` is the time from opening the file until it is
drawn, in headless Chromium on two shared cores; memory is that of the renderer process. Scripts come from disk for all.
Made by `python scripts/map_bench.py` on {datetime.now(tz=UTC):%Y-%m-%d} with {versions}.

| layer | made with | MB | written in s | ready in s | renderer MB |
|---|---|---|---|---|---|
{chr(10).join(lines)}

The file of `hazardmap` has the whole page in it: Leaflet, four languages, table, search, exports. The others load
about 0.4 MB of scripts from other hosts and show nothing without a network.
"""


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=int, nargs="+", help="numbers of polygons; nothing is written then")
    given = parser.parse_args()
    if given.only:
        rows(tuple(given.only), many_points=False)
        return
    REPORT.write_text(report(rows(POLYGONS, many_points=True)), encoding="utf-8")


if __name__ == "__main__":
    main()
