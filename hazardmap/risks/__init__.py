"""The joint risk inventory: what may happen on both sides of a border, how often, how bad, in whose classes."""

from hazardmap.risks.inventory import Inventory, Risk, inventory
from hazardmap.risks.matrix import matrix_png, matrix_svg
from hazardmap.risks.register import register, write_all, write_register
from hazardmap.risks.schemes import Placed, Scheme, place, schemes

__all__ = [
    "Inventory",
    "Placed",
    "Risk",
    "Scheme",
    "inventory",
    "matrix_png",
    "matrix_svg",
    "place",
    "register",
    "schemes",
    "write_all",
    "write_register",
]
