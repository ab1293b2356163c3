"""Every error that hazardmap raises on purpose.

* HazardmapError
  + LayerError            a data set cannot be used as it was given
    - MissingCRSError     it does not say which coordinate reference system it uses
    - CRSMismatchError    two data sets use different ones
    - CoordinatesError    a coordinate cannot be a place on earth
    - UnitsError          a quantity without units, or with the wrong kind
    - GridError           rasters that do not share one grid, or no regular grid at all
    - GeometryError       a shape that cannot be repaired
    - NoOverlapError      it lies outside the area it is needed for
    - FileError           the file is not what its name or its card says
    - TableError          a table of parameters breaks its rules
    - TimeAxisError       steps in time that are not what a method needs
    - SubstanceError      a substance that is not known, or a CAS number that cannot be
  + FootprintError        a hazard broke the laws of a footprint
  + ReleaseError          a release cannot be as described: wind, stability, quantity, threshold
  + StudyError            a study file asks for something that does not exist
  + OutputError           a result cannot be written there, or not like that
  + MissingExtraError     a feature needs an optional package

A message says what was found, what was expected, and what to do next, in one line.
"""

__all__ = [
    "CRSMismatchError",
    "CoordinatesError",
    "FileError",
    "FootprintError",
    "GeometryError",
    "GridError",
    "HazardmapError",
    "LayerError",
    "MissingCRSError",
    "MissingExtraError",
    "NoOverlapError",
    "OutputError",
    "ReleaseError",
    "StudyError",
    "SubstanceError",
    "TableError",
    "TimeAxisError",
    "UnitsError",
]


class HazardmapError(Exception):
    """Base of all errors raised on purpose by hazardmap; its message is one line of printable text.

    Names of tables and columns in a message may come from a stranger's file.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__("".join(each if each.isprintable() else " " for each in message))


class LayerError(HazardmapError):
    """A data set cannot be used as it was given."""


class MissingCRSError(LayerError):
    """A data set does not say which coordinate reference system it uses."""


class CRSMismatchError(LayerError):
    """Two data sets use different coordinate reference systems."""


class CoordinatesError(LayerError):
    """A coordinate cannot be a place on earth."""


class UnitsError(LayerError):
    """A quantity has no units, or units of the wrong kind."""


class GridError(LayerError):
    """Rasters do not share one grid, or have no regular grid at all."""


class GeometryError(LayerError):
    """A shape is invalid and cannot be repaired."""


class NoOverlapError(LayerError):
    """A data set lies outside the area it is needed for."""


class FileError(LayerError):
    """A file is not what its name or its card says."""


class TableError(LayerError):
    """A table of parameters breaks its rules."""


class SubstanceError(LayerError):
    """A substance is not known, or its CAS number cannot be."""


class TimeAxisError(LayerError):
    """Steps in time are unsorted, there twice, left out, or of another length than a method needs."""


class FootprintError(HazardmapError):
    """A hazard function returned a footprint that breaks its laws."""


class ReleaseError(HazardmapError):
    """A release cannot be as it is described: its wind, stability, quantity or threshold."""


class StudyError(HazardmapError):
    """A study file asks for something that does not exist."""


class OutputError(HazardmapError):
    """A result cannot be written there, or not like that."""


class MissingExtraError(HazardmapError):
    """A feature needs an optional package that is not installed."""
