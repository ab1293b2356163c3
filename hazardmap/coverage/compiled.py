"""How kernels are compiled: once per machine, with a cache that may lie elsewhere, and saying so."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

__all__ = ["announce", "compiled", "summing"]

logger = logging.getLogger("hazardmap")

_announced: list[str] = []


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a kernel on first use, free of the interpreter lock, and cache the result on disk.

    numba caches beside the module, else in the user's cache folder. Where neither can be written it refuses; then the
    kernel is compiled anew in every process.
    """
    return _compiled(function)


def summing(function: Callable[..., Any]) -> Any:
    """Compile a function that adds up runs of cells, several at a time.

    The order of the additions is then the compiler's choice (the same in every run); NaN and infinity keep their
    meaning.
    """
    return _compiled(function, fastmath={"reassoc", "nsz", "contract"})


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy", **options)(function)
    except RuntimeError:
        return numba.njit(nogil=True, error_model="numpy", **options)(function)


def announce(kernel: Any) -> None:
    """Say, once per process and module of kernels, that the first use on this machine compiles."""
    module = kernel.py_func.__code__.co_filename
    if module in _announced:
        return
    _announced.append(module)
    folder = kernel.stats.cache_path
    name = Path(module).stem
    if folder is None or not any(Path(folder).glob(f"{name}.{kernel.__name__}*.nbc")):
        where = f"and kept in {folder}" if folder else "in every process: no folder for a cache can be written"
        logger.info("compiling kernels for this machine: takes a few seconds, done once %s", where)
