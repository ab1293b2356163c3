"""The overlay of a hazard on territories and assets, and what it returns.

``result`` holds :class:`Exposure` and :func:`overlay`; below it ``assets`` (one layer), ``flows``, ``zones``,
``people`` and ``landuse`` (rasters as assets), ``losses`` (damage), ``rows`` and ``measure``.
"""

from hazardmap.exposure.result import Exposure, overlay

__all__ = ["Exposure", "overlay"]
