"""What a study says of damage: its tables, and the curve of each layer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hazardmap import catalog
from hazardmap.errors import StudyError

__all__ = ["AssetDamage", "Damage"]


class AssetDamage(BaseModel):
    """The curve that a layer follows, and what a total loss of it costs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    curve: str
    max_damage: float | None = Field(default=None, ge=0)
    unit: str | None = None


class Damage(BaseModel):
    """What turns depth into damage; see :func:`hazardmap.catalog.damage_tables`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    curves: str = "damage-curves-jrc-2017"
    prices: str | None = "max-damage-jrc-2017"
    landuse: str | None = None
    assets: dict[str, AssetDamage] = {}

    def tables(self, folder: Path) -> Any:
        """Read the tables."""
        return catalog.damage_tables(self.curves, self.prices, self.landuse, folder=folder)

    def apply(self, name: str, layer: Any) -> Any:
        """Put curve and price into the columns of a layer that the study names."""
        own = self.assets.get(name)
        if own is None:
            return layer
        if not hasattr(layer, "columns"):
            raise StudyError(
                f"damage.assets.{name} names a curve for a raster; expected points, lines or polygons; "
                "a raster of land use takes its curves from 'landuse'"
            )
        units = layer.attrs.get("units")
        changed = layer.assign(curve=own.curve)
        if own.max_damage is not None:
            known = dict(units) if isinstance(units, Mapping) else {"value": units}
            changed = changed.assign(max_damage=own.max_damage)
            units = {**known, "max_damage": own.unit}
        changed.attrs = {**layer.attrs, "units": units}
        return changed
