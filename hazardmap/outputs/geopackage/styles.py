"""Styles that QGIS takes from a GeoPackage: zones by scenario and class, assets by what reaches them."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from hazardmap.columns import statuses, titles
from hazardmap.exposure import Exposure
from hazardmap.footprint import Footprint
from hazardmap.palette import STATUS_COLOURS, class_colours, palette_of

__all__ = ["add_styles"]

# As QGIS makes the table.
_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256),
  f_table_schema TEXT(256),
  f_table_name TEXT(256),
  f_geometry_column TEXT(256),
  styleName TEXT(30),
  styleQML TEXT,
  styleSLD TEXT,
  useAsDefault BOOLEAN,
  description TEXT,
  owner TEXT(30),
  ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
"""
_CONTENTS = (
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
    "VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles for QGIS', ?)"
)


class Rule(NamedTuple):
    """One entry of a legend.

    Attributes
    ----------
    label, condition, colour : str
        The condition in the language of QGIS expressions, the colour as ``#rrggbb``.
    """

    label: str
    condition: str
    colour: str


def add_styles(base: sqlite3.Connection, layers: Mapping[str, tuple[Exposure, str]], date: str) -> None:
    """Write a default style for each layer."""
    base.executescript(_STYLES)
    base.execute(_CONTENTS, (date,))
    for name, (exposure, layer) in layers.items():
        column, kind = base.execute(
            "SELECT column_name, geometry_type_name FROM gpkg_geometry_columns WHERE table_name = ?", (name,)
        ).fetchone()
        rules = _statuses(exposure.footprint.hazard) if layer else _classes(exposure.footprint)
        columns = [row[0] for row in base.execute("SELECT name FROM pragma_table_info(?)", (name,))]
        style = qml(exposure.footprint, rules, _symbol_of(kind), titles(columns, exposure.footprint.units))
        base.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
            "styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
            "VALUES ('', '', ?, ?, 'hazardmap', ?, '', 1, ?, '', NULL, ?)",
            (name, column, style, f"{exposure.footprint.hazard} by scenario", date),
        )


def _symbol_of(kind: str) -> str:
    if "POLYGON" in kind:
        return "fill"
    return "line" if "LINE" in kind else "marker"


def _statuses(hazard: str) -> list[Rule]:
    colours = zip(statuses(hazard), STATUS_COLOURS.values(), strict=True)
    return [Rule(status, f"\"status\" = '{status}'", colour) for status, colour in colours]


def _classes(footprint: Footprint) -> list[Rule]:
    colours = class_colours(len(footprint.levels), palette_of(footprint.hazard))
    sign = ">=" if footprint.worse == "higher" else "<="
    return [
        Rule(f"{sign} {edge:g} {footprint.units}", f'"level" = {edge!r}', colour)
        for edge, colour in zip(footprint.levels, colours, strict=True)
    ]


def qml(footprint: Footprint, rules: list[Rule], symbol: str, aliases: Mapping[str, str]) -> str:
    """Return a style of QGIS (QML): a group for each scenario, of which the first is shown, and columns with units.

    Parameters
    ----------
    footprint : Footprint
        Whose scenarios are listed.
    rules : list of Rule
        Entries of each group.
    symbol : {"fill", "line", "marker"}
    aliases : mapping of str to str
        Column to what QGIS calls it. Before GDAL 3.7 it does not read ``gpkg_data_columns``.

    Returns
    -------
    str
        An XML document.
    """
    document = Element("qgis", version="3.22.0", styleCategories="Symbology|Fields")
    renderer = SubElement(document, "renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0")
    root = SubElement(renderer, "rules", key="root")
    for number, (scenario, row) in enumerate(footprint.scenarios.iterrows()):
        group = SubElement(
            root,
            "rule",
            key=f"scenario-{number}",
            label=str(row["label"]),
            filter=f'"scenario" = {_quoted(str(scenario))}',
            checkstate="1" if number == 0 else "0",
        )
        for place, rule in enumerate(rules):
            SubElement(
                group,
                "rule",
                key=f"scenario-{number}-{place}",
                label=rule.label,
                filter=rule.condition,
                symbol=str(place),
            )
    symbols = SubElement(renderer, "symbols")
    for place, rule in enumerate(rules):
        _add_symbol(symbols, str(place), symbol, rule.colour)
    named = SubElement(document, "aliases")
    for column, title in aliases.items():
        if title != column:
            SubElement(named, "alias", field=column, name=title)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(document, encoding="unicode")


def _add_symbol(symbols: Element, name: str, kind: str, colour: str) -> None:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    fill, edge = f"{red},{green},{blue},255", "60,60,60,255"
    known = {
        "fill": ("SimpleFill", {"color": fill, "style": "solid", "outline_style": "no"}),
        "line": ("SimpleLine", {"line_color": fill, "line_width": "0.8", "line_width_unit": "MM"}),
        "marker": (
            "SimpleMarker",
            {"name": "circle", "color": fill, "outline_color": edge, "size": "2.4", "size_unit": "MM"},
        ),
    }
    layer_class, options = known[kind]
    symbol = SubElement(symbols, "symbol", type=kind, name=name, alpha="0.8" if kind == "fill" else "1")
    layer = SubElement(symbol, "layer", {"class": layer_class, "enabled": "1", "locked": "0", "pass": "0"})
    settings = SubElement(layer, "Option", type="Map")
    for key, value in options.items():
        SubElement(settings, "Option", type="QString", name=key, value=value)


def _quoted(text: str) -> str:
    """Return a text as a string of the language of QGIS expressions.

    Examples
    --------
    >>> print(_quoted("l'eau"))
    'l''eau'
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
