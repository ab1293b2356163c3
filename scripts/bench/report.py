"""The figures as a page: ratios within each round, as times do not carry over between machines."""

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np

from scripts.bench.data import Size
from scripts.bench.tools import KNOWN, SLOW, TOOLS

__all__ = ["page"]

Figures = dict[tuple[str, str], list[dict[str, float]]]

TITLES = {
    "polygons": "municipality-like polygons",
    "buildings": "building-like polygons (6 to 40 m on cells of 25 m)",
    "lines": "lines over about twenty cells",
    "points": "points",
}

INTRODUCTION = """# Benchmarks

Made by `python -m scripts.bench` (extra `bench`), which writes this page. It makes its own data from a seed, runs every
tool in a process of its own, and lets them take turns, so that all suffer alike from whatever else the machine does.
Read the ratios: times do not carry over between machines.

"hazardmap" is the way through the program's door: the card of the raster, its checks, the lazy raster, the footprint
and the checks of the shapes, with two threads; it also gives the amounts per class, covered and not covered, and areas
on the ellipsoid. The raster is tiled, deflate with predictor 3, float32 rounded to 0.01. "reading" decodes every block
of the raster once and looks at nothing. CPU and wall time leave out imports and kernels compiled before; peak memory is
that of the whole process, its imports and the shapes included. The door takes the SHA-256 of the file, once per
process, for the provenance of every result; "digest known" is the same work with a file that was opened before.
Agreement is the largest relative difference. hazardmap weighs pieces of lines by their length on the ellipsoid, the
others by their length in the plane of the projection: that is the difference in their means. Tools that look at the
centre of a cell (rasterstats) differ by what they miss.

exactextract and rasterstats have no statistic for the share above a level: here it is a Python function, which costs
exactextract about two thirds of its time and most of its memory on large polygons. xvec, which calls exactextract, is
measured without the share.
"""


def page(figures: Figures, answers: dict[tuple[str, str], dict[str, Any]], size: Size, machine: str) -> str:
    """Return the whole page as Markdown."""
    parts = [INTRODUCTION, f"Run on {machine}.\n"]
    for work, tools in TOOLS.items():
        if (work, "hazardmap") in figures:
            parts.append(f"## {size.shapes[work]:,} {TITLES[work]}, {size.side:,} x {size.side:,} cells\n")
            parts.append(_table(work, [tool for tool in tools if (work, tool) in figures], figures, answers))
    parts += [_targets(figures), _scenarios(figures, size), _formats(figures, size), _memory(figures, size)]
    return "\n".join(part for part in parts if part)


def _table(work: str, tools: Sequence[str], figures: Figures, answers: dict[tuple[str, str], dict[str, Any]]) -> str:
    lines = [
        "| tool | CPU s | wall s | CPU: hazardmap / tool (min, median, max) | wall: the same | peak MB | agreement |",
        "|---|---|---|---|---|---|---|",
    ]
    for tool in tools:
        runs = figures[work, tool]
        every = SLOW.get((work, tool), 1)
        name = tool if every == 1 else f"{tool} (every {every}th shape, time x {every})"
        cpu, wall = (median(run[key] for run in runs) for key in ("cpu", "wall"))
        lines.append(
            f"| {name} | {cpu:.2f} | {wall:.2f} | {_spread(figures, work, tool, 'cpu')} "
            f"| {_spread(figures, work, tool, 'wall')} | {max(run['rss'] for run in runs):.0f} "
            f"| {_agreement(answers[work, 'hazardmap'], answers[work, tool], every)} |"
        )
    return "\n".join(lines) + "\n"


def _ratios(figures: Figures, one: tuple[str, str], other: tuple[str, str], key: str) -> list[float]:
    """Return the ratios of two, round by round."""
    return [a[key] / b[key] for a, b in zip(figures[one], figures[other], strict=True)]


def _spread(figures: Figures, work: str, tool: str, key: str) -> str:
    if tool == "hazardmap":
        return "1"
    ratios = _ratios(figures, (work, "hazardmap"), (work, tool), key)
    return f"{min(ratios):.3g}, **{median(ratios):.3g}**, {max(ratios):.3g}"


def _agreement(ours: dict[str, Any], theirs: dict[str, Any], every: int) -> str:
    """Largest difference relative to the tool's value, per statistic; and shapes to which only one gives a value."""
    if ours is theirs or not theirs:
        return ""
    found = []
    for name in ("mean", "sum", "max", "above"):
        if name in theirs:
            a, b = ours[name][::every], np.asarray(theirs[name], dtype=float)
            both = np.isfinite(a) & np.isfinite(b) & (np.abs(b) > 1e-6)  # next to nothing has no relative error
            off = np.abs(a[both] - b[both]) / np.abs(b[both])
            found.append(f"{name} {off.max(initial=0.0):.1e}")
    valued = np.isfinite(np.asarray(theirs["max"], dtype=float))
    lost = int((np.isfinite(ours["max"][::every]) & ~valued).sum())
    return ", ".join(found) + (f"; no value for {lost:,} shapes" if lost else "")


def _targets(figures: Figures) -> str:
    """Return what was promised, and what was measured."""
    goals = [
        ("polygons", "exactextract", "cpu", 0.25),
        ("polygons", "reading, 1 thread", "cpu", 1.5),
        ("polygons", "reading, 2 threads", "wall", 1.4),
        ("buildings", "exactextract", "cpu", 0.2),
        ("buildings", "extractrs", "cpu", 1.0),
        ("buildings", "reading, 2 threads", "wall", 1.4),
        ("lines", "exactextract", "cpu", 0.1),
        ("points", "rioxarray", "cpu", 0.5),
        ("points", "xvec", "cpu", 0.5),
        ("polygons", "exactextract", "rss", 1.0),
        ("buildings", "exactextract", "rss", 1.0),
    ]
    lines = ["## Targets\n", "| hazardmap against | figure | at most | measured (median) | |", "|---|---|---|---|---|"]
    names = {"cpu": "CPU", "wall": "wall time", "rss": "peak memory"}
    for work, tool, key, most in goals:
        if (work, tool) in figures:
            ratio = median(_ratios(figures, (work, "hazardmap"), (work, tool), key))
            lines.append(f"| {tool}, {work} | {names[key]} | {most:g} | {ratio:.3g} | {_verdict(ratio, most)} |")
    for work in ("polygons", "buildings"):
        if (work, KNOWN) in figures:
            ratio = median(_ratios(figures, (work, KNOWN), (work, "reading, 2 threads"), "wall"))
            lines.append(
                f"| reading, 2 threads, {work}, digest known | wall time | 1.4 | {ratio:.3g} | {_verdict(ratio, 1.4)} |"
            )
    for kind in ("polygons", "polygons, in memory", "buildings", "buildings, in memory"):
        if ("scenarios", f"{kind}, 6") in figures:
            ratio = median(_ratios(figures, ("scenarios", f"{kind}, 6"), ("scenarios", f"{kind}, 1"), "cpu"))
            lines.append(f"| one scenario (itself with six), {kind} | CPU | 2 | {ratio:.3g} | {_verdict(ratio, 2)} |")
    return "\n".join(lines) + "\n" if len(lines) > 3 else ""


def _verdict(ratio: float, most: float) -> str:
    return "met" if ratio <= most else "**missed**"


def _scenarios(figures: Figures, size: Size) -> str:
    kinds = [tool[:-3] for work, tool in figures if work == "scenarios" and tool.endswith(", 1")]
    if not kinds:
        return ""
    lines = [
        f"## Six scenarios against one, {size.side // 2:,} x {size.side // 2:,} cells\n",
        (
            "Each scenario is a band that has to be decoded; the shapes are intersected once. The last column leaves "
            'the decoding out; "in memory" has no decoding, only the copies of its windows.\n'
        ),
        "| | CPU s, one | CPU s, six | six / one | without reading |",
        "|---|---|---|---|---|",
    ]
    floor = {
        bands: median(run["cpu"] for run in figures["scenarios", f"reading, 1 thread, {bands}"]) for bands in (1, 6)
    }
    for kind in kinds:
        one, six = (median(run["cpu"] for run in figures["scenarios", f"{kind}, {bands}"]) for bands in (1, 6))
        alone = "" if "reading" in kind or "memory" in kind else f"{(six - floor[6]) / (one - floor[1]):.2f}"
        lines.append(f"| {kind} | {one:.2f} | {six:.2f} | {six / one:.2f} | {alone} |")
    return "\n".join(lines) + "\n"


def _formats(figures: Figures, size: Size) -> str:
    names = dict.fromkeys(tool.rpartition(": ")[0] for work, tool in figures if work == "formats")
    if not names:
        return ""
    lines = [
        f"## Formats: the same depths, {size.side // 2:,} x {size.side // 2:,} cells\n",
        "How a raster is stored matters as much as the tool that reads it.\n",
        "| format | MB | CPU s, reading | CPU s, polygons | polygons / reading |",
        "|---|---|---|---|---|",
    ]
    for name in names:
        ours, floor = (figures["formats", f"{name}: {tool}"] for tool in ("hazardmap", "reading, 1 thread"))
        cpu, read = (median(run["cpu"] for run in runs) for runs in (ours, floor))
        ratio = median(a["cpu"] / b["cpu"] for a, b in zip(ours, floor, strict=True))
        lines.append(f"| {name} | {ours[0]['size']:.0f} | {read:.2f} | {cpu:.2f} | {ratio:.2f} |")
    return "\n".join(lines) + "\n"


def _memory(figures: Figures, size: Size) -> str:
    rows = [(tool, runs) for (work, tool), runs in figures.items() if work == "memory"]
    if not rows:
        return ""
    lines = [
        f"## Memory: {5 * size.shapes['buildings']:,} polygons on sparse files with 6 bands\n",
        "| cells a side | peak MB | CPU s |",
        "|---|---|---|",
    ]
    lines += [f"| {int(side):,} | {runs[0]['rss']:.0f} | {runs[0]['cpu']:.2f} |" for side, runs in rows]
    return "\n".join(lines) + "\n"
