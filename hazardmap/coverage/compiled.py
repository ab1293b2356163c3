"""How kernels are compiled: once per machine, with a cache that may lie elsewhere, and saying so."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import types
from numba.extending import intrinsic

__all__ = ["announce", "as_real", "as_whole", "compiled", "summing"]

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


def _as_whole(_: Any, real: Any) -> Any:
    whole = types.int32 if real == types.float32 else types.int64

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.bitcast(arguments[0], context.get_value_type(signature.return_type))
        return _turned(builder, bits)

    return whole(real), generate


def _as_real(_: Any, whole: Any) -> Any:
    real = types.float32 if whole == types.int32 else types.float64

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(_turned(builder, arguments[0]), context.get_value_type(signature.return_type))

    return real(whole), generate


def _turned(builder: Any, bits: Any) -> Any:
    """Turn over all bits but the sign, where the sign is set."""
    size = bits.type.width
    signs = builder.ashr(bits, bits.type(size - 1))
    return builder.xor(bits, builder.and_(signs, bits.type((1 << (size - 1)) - 1)))


as_whole: Any = intrinsic(_as_whole)
"""A whole number of the same size that has the place of a real one in the order of the numbers; compiled code only.

The bits of positive reals are ordered already; those of negative ones are turned over, all but the sign.
"""

as_real: Any = intrinsic(_as_real)
"""The real number of which that was made."""


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
