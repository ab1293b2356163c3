"""Measure the web map beside plain folium and geopandas.explore: size, time to ready, memory of the renderer.

    python -m scripts.bench.map                     # everything three times; writes docs/map-benchmarks.md
    python -m scripts.bench.map --only 1000 20000   # these numbers of polygons, printed only
    python -m scripts.bench.map --only combined     # floods, months of drought and 20,000 polygons in one page

The scripts that folium loads from elsewhere are served from the files that the map carries (Leaflet) or left empty
(jQuery, Bootstrap), and no tiles are loaded: what is measured is the work, not the network.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import folium

from hazardmap.outputs.webmap import BaseMap, Page, map_of, save, webmap
from hazardmap.outputs.webmap.figure import asset
from hazardmap.outputs.webmap.model import Attribute, FeatureLayer, Hazard, Scenario
from scripts.bench.mapdata import AREA, combined, points, polygons
from scripts.browser import OPTIONS, chromium

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "map-benchmarks.md"
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

Write = Callable[[Any, Path], None]


class Measured(NamedTuple):
    """Size of the file in MB, seconds to write it, until it is ready, and until then at a quarter of the CPU; memory
    of the renderer in MB.
    """

    megabytes: float
    write_s: float
    ready_s: float
    slow_s: float
    renderer_mb: float


class Work(NamedTuple):
    """Something to be measured: what it is, who does it, how, on what."""

    label: str
    maker: str
    write: Write
    make: Callable[[], Any]


def write_ours(frame: Any, path: Path) -> None:
    """Write the web map of hazardmap."""
    frame = frame.rename(columns={"status": f"status@{SCENARIO.id}"})
    layer = FeatureLayer(name="many", title="Many", frame=frame, attributes=ATTRIBUTES, status="status")
    hazard = Hazard(name="flood", title="Flood", units="m", levels=(0.5,), scenarios=(SCENARIO,), assets=(layer,))
    save(map_of(Page(title="Many", hazards=(hazard,), base=BaseMap())), path)


def write_folium(frame: Any, path: Path) -> None:
    """Write folium's own layer, on a canvas, coloured by status, with tooltips."""
    view = folium.Map([51, 5.5], zoom_start=7, tiles=None, prefer_canvas=True)
    tooltip = folium.GeoJsonTooltip(["name", "depth"])
    folium.GeoJson(
        frame, style_function=lambda feature: {"color": COLOURS[feature["properties"]["status"]]}, tooltip=tooltip
    ).add_to(view)
    view.save(path)


def write_explore(frame: Any, path: Path) -> None:
    """Write what geopandas shows of a frame, coloured by status."""
    frame.explore("status", categorical=True, cmap=list(COLOURS), tiles=None, prefer_canvas=True).save(path)


def write_combined(results: Any, path: Path) -> None:
    """Write the map of a study of floods and drought, as the command line does it."""
    webmap(results, path, title="Combined", study={"area": list(AREA)})


PEERS: dict[str, Write] = {
    "hazardmap": write_ours,
    "folium.GeoJson": write_folium,
    "geopandas.explore": write_explore,
}
COMBINED = "4 layers, 20,000 polygons, 6 floods, 60 months"


def works(counts: Sequence[int], *, others: bool) -> Iterator[Work]:
    """Everything to be measured, one after the other."""
    for count in counts:
        for name, write in PEERS.items():
            yield Work(f"{count:,} polygons", name, write, lambda count=count: polygons(count))  # type: ignore[misc]
    if others:
        yield Work("1,000,000 points", "hazardmap", write_ours, lambda: points(1_000_000))
        yield Work(COMBINED, "hazardmap", write_combined, combined)


def measure(work: Work, rounds: int) -> Measured | None:
    """Medians of several rounds; None when a page is not ready within two minutes."""
    data = work.make()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.html"
        found = []
        for _ in range(rounds):
            started = perf_counter()
            work.write(data, path)
            written = perf_counter() - started
            opened = opening(path)
            if opened is None:
                return None
            # a page of others that takes a minute is not waited for again
            slow = opening(path, slower=4) if work.maker == "hazardmap" else None
            found.append((written, *opened, slow[0] if slow else float("nan")))
        write_s, ready_s, renderer_mb, slow_s = (median(values) for values in zip(*found, strict=True))
        return Measured(path.stat().st_size / 1e6, write_s, ready_s, slow_s, renderer_mb)


def opening(path: Path, slower: int = 1) -> tuple[float, float] | None:
    """Seconds until a page is ready in a new Chromium, and the memory of its renderer in MB."""
    from playwright.sync_api import TimeoutError as TooLong
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=OPTIONS)
        tab = browser.new_page()
        tab.route("**/*", _from_disk)
        tab.context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": slower})
        started = perf_counter()
        try:
            tab.goto(path.as_uri(), wait_until="load", timeout=LONGEST_S * 1000)
            tab.evaluate("() => requestAnimationFrame(() => requestAnimationFrame(() => { window.drawn = true; }))")
            ready = "() => window.hazardmap ? Boolean(window.hazardmap.ready) : window.drawn"
            tab.wait_for_function(ready, timeout=LONGEST_S * 1000)
            return perf_counter() - started, _renderer_mb(browser)
        except TooLong:
            return None
        finally:
            browser.close()


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


def rows(all_works: Iterator[Work], rounds: int) -> list[str]:
    """Measure one after the other; return the lines of a table."""
    lines = []
    for work in all_works:
        lines.append(_line(work, measure(work, rounds)))
        print(lines[-1], flush=True)
    return lines


def _line(work: Work, found: Measured | None) -> str:
    if found is None:
        return f"| {work.label} | {work.maker} | | | not ready in {LONGEST_S} s | | |"
    slow = f"{found.slow_s:.1f}" if work.maker == "hazardmap" else ""
    return (
        f"| {work.label} | {work.maker} | {found.megabytes:.1f} | {found.write_s:.1f} | {found.ready_s:.1f} "
        f"| {slow} | {found.renderer_mb:.0f} |"
    )


def report(lines: list[str], rounds: int) -> str:
    """Text of the page of results."""
    from importlib.metadata import version

    versions = ", ".join(f"{name} {version(name)}" for name in ("folium", "geopandas"))
    return f"""# The map beside folium and geopandas.explore

Polygons of 8 vertices with a name and a depth, coloured by status, spread over the Benelux, Germany's west and the
north of France; one layer, no tiles, canvas renderer for all. `ready` is the time from opening the file until it is
drawn, in a new headless Chromium on {os.cpu_count()} shared cores, and once more with its CPU slowed down four times;
memory is that of the renderer process. Scripts come from disk for all. Medians of {rounds} rounds, made by
`python -m scripts.bench.map` on {datetime.now(tz=UTC):%Y-%m-%d} with {versions}, at a load of {os.getloadavg()[0]:.1f}.

| layer | made with | MB | written in s | ready in s | ready in s, quarter of the CPU | renderer MB |
|---|---|---|---|---|---|---|
{chr(10).join(lines)}

The file of `hazardmap` has the whole page in it: Leaflet, four languages, table, search, exports. The others load
about 0.4 MB of scripts from other hosts and show nothing without a network. The last row is a whole study: every layer
is laid over six floods (cells of 200 x 310 m) and over 60 months of drought (7 x 11 km), with values of each in popups,
tables and downloads.
"""


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", help="numbers of polygons, or 'combined'; nothing is written then")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default 3)")
    given = parser.parse_args()
    if given.only == ["combined"]:
        rows((work for work in works((), others=True) if work.label == COMBINED), given.rounds)
    elif given.only:
        rows(works([int(count) for count in given.only], others=False), given.rounds)
    else:
        REPORT.write_text(report(rows(works(POLYGONS, others=True), given.rounds), given.rounds), encoding="utf-8")


if __name__ == "__main__":
    main()
