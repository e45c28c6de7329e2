"""Small LEF and DEF files of our own making, and the real ones where they are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

TECHNOLOGY = """\
VERSION 5.8 ;
UNITS
  DATABASE MICRONS 1000 ;
END UNITS
PROPERTYDEFINITIONS
  LAYER LEF58_TYPE STRING ;
END PROPERTYDEFINITIONS
# LAYER m0 TYPE ROUTING ; is a comment
LAYER poly
  TYPE MASTERSLICE ;
END poly
LAYER m1
  TYPE ROUTING ; DIRECTION HORIZONTAL ; # the first
  PITCH 0.1 ; OFFSET 0.05 ; WIDTH 0.04 ; SPACING 0.05 ;
  PROPERTY LEF58_TYPE "TYPE CUT ;
    DIRECTION VERTICAL ; END m1" ;
END m1
LAYER v1
  TYPE CUT ; SPACING 0.04 ;
END v1
LAYER m2
  TYPE ROUTING ; DIRECTION VERTICAL ;
  PITCH 0.1 0.2 ; OFFSET 0.05 0.06 ; WIDTH 0.04 ;
  SPACINGTABLE PARALLELRUNLENGTH 0 1
    WIDTH 0 0.05 0.06
    WIDTH 1 0.05 0.09 ;
END m2
LAYER v2 TYPE CUT ; END v2
LAYER m3 TYPE ROUTING ; DIRECTION HORIZONTAL ; PITCH 0.1 ; WIDTH 0.04 ; END m3
LAYER m4 TYPE ROUTING ; DIRECTION VERTICAL ; PITCH 0.1 ; WIDTH 0.04 ; END m4
VIA m1_m2 DEFAULT
  LAYER m1 ; RECT -0.03 -0.02 0.03 0.02 ;
  LAYER v1 ; RECT -0.02 -0.02 0.02 0.02 ;
  LAYER m2 ; RECT MASK 1 -0.02 -0.03 0.02 0.03 ;
END m1_m2
VIARULE r GENERATE
  LAYER m1 ; ENCLOSURE 0.01 0.01 ;
  LAYER m2 ; ENCLOSURE 0.01 0.01 ;
  LAYER v1 ; RECT -0.02 -0.02 0.02 0.02 ; SPACING 0.1 BY 0.1 ;
END r
SITE core
  CLASS CORE ; SIZE 0.1 BY 1 ;
END core
"""
"""Layers m1 (horizontal) to m4 (vertical), one via."""

CELLS = """\
MACRO cell
  CLASS CORE ;
  ORIGIN 0 0 ;
  SIZE 0.4 BY 0.3 ;
  PIN a
    DIRECTION INPUT ;
    USE SIGNAL ;
    PORT
      LAYER m1 ;
        RECT 0.02 0.04 0.08 0.1 ;
    END
  END a
  PIN z
    DIRECTION OUTPUT ;
    PORT
      LAYER m1 ;
        RECT 0.3 0.1 0.36 0.26 ;
    END
    PORT
      LAYER m1 ;
        RECT 0.2 0.1 0.24 0.26 ;
    END
  END z
END cell
END LIBRARY
"""

LAYER_TRACKS = "".join(
    f"TRACKS {axis} 50 DO {count} STEP 100 LAYER {layer} ;\n"
    for layer in ("m1", "m2", "m3", "m4")
    for axis, count in (("X", 45), ("Y", 30))
)

HEAD = """\
VERSION 5.8 ;
DESIGN top ;
UNITS DISTANCE MICRONS 1000 ;
DIEAREA ( 0 0 ) ( 4500 3000 ) ;
"""


def def_text(
    *sections: str,
    head: str = HEAD,
    tracks: str = LAYER_TRACKS,
    components: str = "",
    nets: str = "",
) -> str:
    """A DEF file of a die of 3 x 2 GCells, 1500 units wide, with 15 tracks a GCell and layer."""
    return (
        head
        + tracks
        + "".join(sections)
        + f"COMPONENTS 99 ;\n{components}END COMPONENTS\n"
        + f"NETS 99 ;\n{nets}END NETS\nEND DESIGN\n"
    )


def write(folder: Path, text: str, cells: str = CELLS) -> tuple[Path, list[Path]]:
    """Write a DEF file and its two LEF files; gives their paths."""
    names = {"top.def": text, "tech.lef": TECHNOLOGY, "cells.lef": cells}
    for name, content in names.items():
        (folder / name).write_text(content)
    return folder / "top.def", [folder / "tech.lef", folder / "cells.lef"]


def real_designs() -> Path:
    """The folder with real LEF and DEF files; skips the test where there is none."""
    given = os.environ.get("EDAROUTE_LEFDEF")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "lefdef"
    if not folder.is_dir():
        pytest.skip("no real LEF and DEF files: EDAROUTE_LEFDEF names no folder")
    return folder


REAL_LEFS = {
    "nangate45": ["gcd-nangate45/Nangate45.lef"],
    "sky130hs": ["gcd-sky130hs/sky130hs.tlef", "gcd-sky130hs/sky130_fd_sc_hs_merged.lef.gz"],
    "sky130hd": ["gcd-sky130hd/sky130hd.tlef", "gcd-sky130hd/sky130_fd_sc_hd_merged.lef.gz"],
    "asap7": [
        "gcd-asap7/asap7_tech_1x_201209.lef",
        *(f"gcd-asap7/asap7sc7p5t_28_{kind}_1x_220121a.lef.gz" for kind in ("R", "L", "SL")),
    ],
}
"""LEF files of each technology within the folder of :func:`real_designs`."""
