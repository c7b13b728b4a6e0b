"""The fault points of the product, read from its own list."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"POINT": ("crash",), "FAILS": ("crash", "error"), "CUT": ("crash", "error")}


class Point:
    def __init__(self, name, place, kinds):
        self.name, self.place, self.kinds = name, place, KINDS[kinds]


def read():
    text = (ROOT / "common/fault_points.def").read_text()
    found = re.findall(r"^FAULT\((\w+), (\w+), (\w+)\)$", text, re.MULTILINE)
    return {name: Point(name, place, kinds) for name, place, kinds in found}


POINTS = read()
