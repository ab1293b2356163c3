"""One tool on one work, in a process of its own: ``python -m scripts.bench.run WORK TOOL RASTER SHAPES SIDE OUT``."""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from scripts.bench.data import shapes
from scripts.bench.tools import PREPARED, SLOW, tool_of

__all__ = ["measure", "timed"]


def measure(work: str, tool: str, raster: Path, count: int, side: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """CPU and wall seconds, peak memory in MB, and the answer."""
    every = SLOW.get((work, tool), 1)
    function = tool_of(work, tool)
    frame = shapes(work, count, side)
    function(raster.with_name("small.tif"), shapes(work, 50, 600))  # imports, compiled kernels, pools
    chosen = frame.iloc[::every].reset_index(drop=True)
    chosen["id"] = np.arange(len(chosen))
    if tool in PREPARED:
        PREPARED[tool](raster)
    figures, answer = timed(lambda: function(raster, chosen))
    return figures | {"cpu": figures["cpu"] * every, "wall": figures["wall"] * every, "every": every}, answer


def timed(work: Callable[[], Any]) -> tuple[dict[str, Any], Any]:
    """CPU and wall seconds of some work and the peak memory of this process in MB; and what it returned."""
    before, start = _cpu(), time.perf_counter()
    answer = work()
    return {"cpu": _cpu() - before, "wall": time.perf_counter() - start, "rss": _peak()}, answer


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """Peak resident memory in MB. Not ``ru_maxrss``: a child inherits that from whoever started it."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    work, tool, raster, count, side, out = sys.argv[1:]
    figures, answer = measure(work, tool, Path(raster), int(count), int(side))
    np.savez(out, **answer)
    print(json.dumps(figures))
