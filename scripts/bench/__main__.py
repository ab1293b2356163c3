"""Run every tool on every work, in turn, several times; compare within each round; write the table."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from scripts.bench.data import FORMATS, FULL, QUICK, Size, depths, empty
from scripts.bench.report import page
from scripts.bench.tools import IN_MEMORY, TOOLS

PACKAGES = {"snail": "nismod-snail"}

Figures = dict[tuple[str, str], list[dict[str, float]]]
Answers = dict[tuple[str, str], dict[str, Any]]


def main() -> None:
    """Parse, make the data, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small raster and few shapes: does it run at all")
    parser.add_argument("--rounds", type=int, default=3, help="how often each tool runs (default 3)")
    parser.add_argument("--only", choices=[*TOOLS, "scenarios", "formats", "memory"], help="one kind of work")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks.md"), help="where the table goes")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        figures, answers = measure(size, Path(folder), options.rounds, options.only)
    text = page(figures, answers, size, _machine())
    print(text)
    if options.only is None:
        options.output.parent.mkdir(exist_ok=True)
        options.output.write_text(text, encoding="utf-8")


def measure(size: Size, folder: Path, rounds: int, only: str | None) -> tuple[Figures, Answers]:
    """Figures of every run, and the answer of the last."""
    depths(folder / "small.tif", 600)
    figures: Figures = defaultdict(list)
    answers: Answers = {}
    works = [work for work in TOOLS if only in {None, work}]
    if works:
        depths(folder / "depth.tif", size.side)
    for number in range(rounds):
        for work in works:
            for tool in filter(installed, TOOLS[work]):
                print(f"round {number + 1}: {work}, {tool}", file=sys.stderr)
                found = run(work, tool, folder / "depth.tif", size.shapes[work], size.side)
                figures[work, tool].append(found[0])
                answers[work, tool] = found[1]
    if only in {None, "scenarios"}:
        compare_scenarios(size, folder, rounds, figures)
    if only in {None, "formats"}:
        compare_formats(size, folder, rounds, figures)
    if only in {None, "memory"}:
        watch_memory(size, folder, figures)
    return figures, answers


def compare_scenarios(size: Size, folder: Path, rounds: int, figures: Figures) -> None:
    """One scenario against six, on a raster of a quarter of the size."""
    side = size.side // 2
    for bands in (1, 6):
        depths(folder / f"{bands}.tif", side, bands)
    for number in range(rounds):
        for bands in (1, 6):
            for name, work, tool in (
                ("polygons", "polygons", "hazardmap"),
                ("buildings", "buildings", "hazardmap"),
                ("reading, 1 thread", "polygons", "reading, 1 thread"),
                ("polygons, in memory", "polygons", IN_MEMORY),
                ("buildings, in memory", "buildings", IN_MEMORY),
            ):
                print(f"round {number + 1}: {bands} scenarios, {name}", file=sys.stderr)
                found, _ = run(work, tool, folder / f"{bands}.tif", size.shapes[work], side)
                figures["scenarios", f"{name}, {bands}"].append(found)


def compare_formats(size: Size, folder: Path, rounds: int, figures: Figures) -> None:
    """Overlay and read the same depths, stored in several ways."""
    side = size.side // 2
    for number in range(rounds):
        for name, profile in FORMATS.items():
            path = folder / "format.tif"
            depths(path, side, **profile)
            for tool in ("hazardmap", "reading, 1 thread"):
                print(f"round {number + 1}: {name}, {tool}", file=sys.stderr)
                found, _ = run("polygons", tool, path, size.shapes["polygons"], side)
                figures["formats", f"{name}: {tool}"].append(found | {"size": path.stat().st_size / 1e6})


def watch_memory(size: Size, folder: Path, figures: Figures) -> None:
    """Many polygons on files of growing size."""
    for side in (size.side // 2, size.side, size.side * 2):
        print(f"memory: {side} cells a side", file=sys.stderr)
        empty(folder / "empty.tif", side, 6)
        found, _ = run("buildings", "hazardmap", folder / "empty.tif", 5 * size.shapes["buildings"], side)
        figures["memory", str(side)].append(found)


def run(work: str, tool: str, raster: Path, count: int, side: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Run one tool in a process of its own."""
    out = raster.with_name("answer.npz")
    command = [sys.executable, "-m", "scripts.bench.run", work, tool, str(raster), str(count), str(side), str(out)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{tool} failed on {work}:\n{done.stderr[-2000:]}")
    with np.load(out, allow_pickle=False) as answer:
        return json.loads(done.stdout.splitlines()[-1]), dict(answer)


def installed(tool: str) -> bool:
    """Whether a tool is there (ours and plain reading always are)."""
    if tool.startswith(("hazardmap", "reading")):
        return True
    try:
        return bool(version(PACKAGES.get(tool, tool)))
    except PackageNotFoundError:
        print(f"{tool} is not installed: left out (pip install hazardmap[bench])", file=sys.stderr)
        return False


def _machine() -> str:
    names = ("numpy", "numba", "rasterio", "shapely", "exactextract", "extractrs", "rasterstats", "xvec", "snail")
    known = [f"{name} {version(PACKAGES.get(name, name))}" for name in names if name == "numpy" or installed(name)]
    load = f"load average {os.getloadavg()[0]:.1f} at the end, " if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores, {load}{platform.system()}, Python {platform.python_version()}, " + ", ".join(known)


if __name__ == "__main__":
    main()
