"""Measures SPI and SPEI against climate_indices: ``python -m scripts.bench.drought [--quick]``."""

import argparse
import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.bench.run import timed

Floats = npt.NDArray[np.float64]
Runs = dict[tuple[str, str], list[dict[str, float]]]

YEARS, START, CALIBRATION, MONTHS = 60, 1961, (1991, 2020), 3
OURS, PEER, CHUNKS = "hazardmap", "climate-indices", "hazardmap, dask"
GOALS = {("SPI", "cpu"): 1 / 6, ("SPEI", "cpu"): 1 / 3, ("SPI", "rss"): 1 / 2, ("SPEI", "rss"): 1 / 2}
EVERY = 97  # cells of an answer that are kept for the comparison


def rain(side: int, seed: int = 0) -> Floats:
    """Gamma rain in mm, (months, side, side): every shape from 0.5 to 8, a fifth of the cells with dry months."""
    rng = np.random.default_rng(seed)
    shape = rng.uniform(0.5, 8, (side, side))
    dry = np.where(rng.random((side, side)) < 0.2, rng.uniform(0, 0.4, (side, side)), 0.0)
    field = np.empty((12 * YEARS, side, side))
    for month in field:
        month[:] = rng.gamma(shape, 60 / shape) * (rng.random((side, side)) >= dry)
    return field


def _field(values: Any) -> Any:
    import xarray as xr

    time = (np.datetime64(f"{START}-01", "M") + np.arange(12 * YEARS)).astype("datetime64[ns]")
    return xr.DataArray(values, dims=("time", "y", "x"), coords={"time": time}, attrs={"units": "mm"})


def ours(index: str, side: int) -> Callable[[], Any]:
    """Return the work of hazardmap."""
    import hazardmap as hm

    first = rain(side)
    if index == "SPI":
        field = _field(first)
        return lambda: hm.spi(field, MONTHS, calibration=CALIBRATION).to_numpy()
    second = rain(side, seed=1)
    return lambda: hm.spei(_field(first - second), MONTHS, calibration=CALIBRATION).to_numpy()


def theirs(index: str, side: int) -> Callable[[], Any]:
    """Return the work of climate_indices at its best: silent, and as numpy must be for its compiled kernels to run."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    from climate_indices import compute, indices

    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    first, monthly = rain(side), compute.Periodicity.monthly
    options: dict[str, Any] = {"spatial_time_major": True}
    if index == "SPI":
        gamma = indices.Distribution.gamma
        return lambda: indices.spi(
            first, MONTHS, gamma, START, *CALIBRATION, monthly, zero_handling="center_of_mass", **options
        )
    second, logistic = rain(side, seed=1), indices.Distribution.loglogistic
    return lambda: indices.spei(first, second, MONTHS, logistic, monthly, START, *CALIBRATION, **options)


def lazily(index: str, side: int) -> Callable[[], Any]:
    """Return the work of hazardmap on chunks that are made when they are needed; only a mean is kept."""
    import dask.array

    import hazardmap as hm

    da: Any = dask.array
    values = da.random.default_rng(0).gamma(2.0, 30.0, size=(12 * YEARS, side, side), chunks=(12 * YEARS, 80, 80))
    field = _field(values)
    function: Any = hm.spi if index == "SPI" else hm.spei
    return lambda: function(field, MONTHS, calibration=CALIBRATION).mean("time").to_numpy()


TOOLS = {OURS: ours, PEER: theirs, CHUNKS: lazily}


def main() -> None:
    """Parse, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.drought", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small grid: does it run at all")
    parser.add_argument("--side", type=int, default=400, help="cells a side (default 400; climate-indices needs 10 GB)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each tool runs (default 3)")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks-drought.md"), help="where the page goes")
    parser.add_argument("--one", nargs=4, metavar=("INDEX", "TOOL", "SIDE", "ANSWER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one[0], options.one[1], int(options.one[2]), Path(options.one[3]))
        return
    text = measure(40 if options.quick else options.side, options.rounds)
    print(text)
    if not options.quick:
        options.output.write_text(text, encoding="utf-8")


def one(index: str, tool: str, side: int, answer: Path) -> None:
    """Run one tool and print its figures."""
    TOOLS[tool](index, 8)()  # imports, compiled kernels, tables
    figures, found = timed(TOOLS[tool](index, side))
    np.save(answer, found.reshape(len(found), -1)[:, ::EVERY])
    print(json.dumps(figures))


def measure(side: int, rounds: int) -> str:
    """Run every tool in a process of its own, in turn; return the page."""
    runs: Runs = defaultdict(list)
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.npy"
        for number in range(rounds):
            for index in ("SPI", "SPEI"):
                for tool in filter(_installed, (OURS, PEER)):
                    print(f"round {number + 1}: {index}, {tool}", file=sys.stderr)
                    runs[index, tool].append(_run(index, tool, side, path))
                    answers[index, tool] = np.load(path)
        for index in ("SPI", "SPEI"):
            for times in (1, 2):
                print(f"{index}, {CHUNKS}, {times * side} cells a side", file=sys.stderr)
                runs[index, f"{CHUNKS}, {times * side}"].append(_run(index, CHUNKS, times * side, path))
    return page(runs, answers, side)


def _run(index: str, tool: str, side: int, answer: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "scripts.bench.drought", "--one", index, tool, str(side), str(answer)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{tool} failed on {index}:\n{done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def page(runs: Runs, answers: dict[tuple[str, str], Floats], side: int) -> str:
    """Return the page as Markdown."""
    lines = [INTRODUCTION, f"Run on {_machine()}.\n"]
    for index in ("SPI", "SPEI"):
        lines += [
            f"## {index}-{MONTHS}, {side} x {side} cells, {12 * YEARS} months\n",
            "| | CPU s | wall s | peak MB | CPU: hazardmap / this (min, median, max) | greatest difference |",
            "|---|---|---|---|---|---|",
        ]
        for tool in (OURS, PEER):
            if (index, tool) in runs:
                cpu, wall, rss = (median(run[key] for run in runs[index, tool]) for key in ("cpu", "wall", "rss"))
                ratios = _ratios(runs, index, tool, "cpu")
                spread = f"{min(ratios):.3g}, **{median(ratios):.3g}**, {max(ratios):.3g}"
                off = _off(answers[index, OURS], answers[index, tool])
                lines.append(f"| {tool} | {cpu:.2f} | {wall:.2f} | {rss:.0f} | {spread} | {off} |")
        lines.append("")
    return "\n".join([*lines, *_targets(runs), "", *_chunks(runs), ""])


def _ratios(runs: Runs, index: str, tool: str, key: str) -> list[float]:
    return [a[key] / b[key] for a, b in zip(runs[index, OURS], runs[index, tool], strict=True)]


def _off(one: Floats, other: Floats) -> str:
    """Greatest difference, and where only one of the two has a value."""
    both = ~np.isnan(one) & ~np.isnan(other)
    lonely = int((np.isnan(one) != np.isnan(other)).sum())
    return f"{np.abs(one[both] - other[both]).max():.1e}" + (f"; {lonely:,} values only in one" if lonely else "")


def _targets(runs: Runs) -> list[str]:
    lines = ["## Targets\n", "| | figure | at most | measured (median) | |", "|---|---|---|---|---|"]
    for (index, key), most in GOALS.items():
        if (index, PEER) in runs:
            found = median(_ratios(runs, index, PEER, key))
            figure = {"cpu": "CPU", "rss": "peak memory"}[key]
            verdict = "met" if found <= most else "**missed**"
            lines.append(f"| {index}, {OURS} / {PEER} | {figure} | {most:.3g} | {found:.3g} | {verdict} |")
    return lines


def _chunks(runs: Runs) -> list[str]:
    lines = [
        "## In chunks of dask\n",
        "Rain is made chunk by chunk (80 x 80 cells, all months), which is part of the time; only a mean is kept.\n",
        "| | cells a side | CPU s | wall s | peak MB |",
        "|---|---|---|---|---|",
    ]
    for (index, tool), (run, *_) in runs.items():
        if tool.startswith(CHUNKS):
            side = tool.rsplit(" ", 1)[1]
            lines.append(f"| {index} | {side} | {run['cpu']:.2f} | {run['wall']:.2f} | {run['rss']:.0f} |")
    return lines


def _installed(tool: str) -> bool:
    try:
        return bool(version(tool))
    except PackageNotFoundError:
        print(f"{tool} is not installed: left out (extra bench)", file=sys.stderr)
        return False


def _machine() -> str:
    known = [f"{name} {version(name)}" for name in ("numpy", "numba", "scipy", "xarray", PEER) if _installed(name)]
    load = f"load average {os.getloadavg()[0]:.1f} at the end, " if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores, {load}{platform.system()}, Python {platform.python_version()}, " + ", ".join(known)


INTRODUCTION = """# Benchmark: standardised drought indices

Made by `python -m scripts.bench.drought` (extra `bench`), which writes this page. It makes its own rain from a seed: a
gamma distribution per cell with shapes from 0.5 to 8, a fifth of the cells with up to 40 % of dry months, double
precision. Every tool runs in a process of its own, in turn; CPU and wall time leave out imports, kernels compiled
before and the making of the data; peak memory is that of the whole process, its data included. Read the ratios: times
do not carry over between machines.

Both tools sum up three months, fit per cell and calendar month to 1991 to 2020 (SPI: gamma by Thom's approximation,
a sum of 0 at the centre of its mass; SPEI: log-logistic by unbiased probability-weighted moments), and clip at 3.09.
climate-indices runs at its best: its log switched off, and numpy set to report no floating-point errors, without which
it does not use its compiled kernels (SPI then takes about a third longer). It also tests how well each distribution
fits.
"""

if __name__ == "__main__":
    main()
