"""LEF: layers, vias and cells, errors with their lines, and other readers' view of real files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_router.errors import InputError
from eda_router.formats import lef
from eda_router.formats.lef import Library, Shape
from eda_router.formats.text import read_bytes
from tests.damage import damaged_texts, read_or_refused
from tests.placed import CELLS, REAL_LEFS, TECHNOLOGY, real_designs


def parsed(*texts: str) -> Library:
    library = Library()
    for number, text in enumerate(texts):
        lef.parse(text.encode(), f"{number}.lef", library)
    return library


def macro(body: str, head: str = "MACRO m\nSIZE 2 BY 3 ;\n") -> lef.Macro:
    return parsed(TECHNOLOGY, f"{head}{body}END m\n").macros["m"]


def refused(*texts: str) -> str:
    with pytest.raises(InputError) as caught:
        parsed(*texts)
    return str(caught.value)


def test_layers_in_order_with_their_rules() -> None:
    layers = parsed(TECHNOLOGY).layers
    assert list(layers) == ["m1", "m2", "m3", "m4"]
    assert [layer.horizontal for layer in layers.values()] == [True, False, True, False]
    assert layers["m1"] == lef.RoutingLayer("m1", True, (0.1, 0.1), (0.05, 0.05), 0.04, 0.05)
    assert layers["m2"] == lef.RoutingLayer("m2", False, (0.1, 0.2), (0.05, 0.06), 0.04, 0.09)


def test_vias_have_shapes_on_all_their_layers() -> None:
    assert parsed(TECHNOLOGY).vias["m1_m2"] == [
        Shape("m1", (-0.03, -0.02, 0.03, 0.02)),
        Shape("v1", (-0.02, -0.02, 0.02, 0.02)),
        Shape("m2", (-0.02, -0.03, 0.02, 0.03)),
    ]


def test_a_cell_with_its_pins() -> None:
    cell = parsed(TECHNOLOGY, CELLS).macros["cell"]
    assert (cell.kind, cell.width, cell.height) == ("CORE", 0.4, 0.3)
    assert (cell.pins["a"].direction, cell.pins["a"].use) == ("INPUT", "SIGNAL")
    assert len(cell.pins["z"].shapes) == 2, "shapes of both ports"


def test_origin_moves_shapes_wherever_it_stands() -> None:
    shape = "PIN p PORT LAYER m1 ; RECT -1 -1 0 0 ; END END p\nOBS LAYER m2 ; RECT 0 0 1 1 ; END\n"
    for moved in (macro("ORIGIN 1 2 ;\n" + shape), macro(shape + "ORIGIN 1 2 ;\n")):
        assert moved.pins["p"].shapes == [Shape("m1", (0, 1, 1, 2))]
        assert moved.obstructions == [Shape("m2", (1, 2, 2, 3))]
        assert (moved.width, moved.height) == (2, 3)


def test_shapes_of_every_kind() -> None:
    body = """OBS
      LAYER m1 ;
        RECT MASK 2 3 4 1 2 ;
        POLYGON 0 0 2 0 2 1 1 1 1 2 0 2 ;
        PATH 0 0 0 5 ;
        WIDTH 0.2 ;
        PATH MASK 1 1 1 3 1 ;
        RECT ITERATE 0 0 1 1 DO 2 BY 2 STEP 10 20 ;
        RECT ( 5 6 ) ( 7 8 ) ;
      LAYER v1 ;
        RECT 0 0 1 1 ;
      LAYER OVERLAP ;
        RECT 0 0 1 1 ;
        VIA 1 1 m1_m2 ;
    END
    """
    rects = [shape.rect for shape in macro(body).obstructions]
    assert rects[:3] == [(1, 2, 3, 4), (0, 0, 1, 2), (1, 0, 2, 1)]
    np.testing.assert_allclose(rects[3], (-0.02, -0.02, 0.02, 5.02))
    np.testing.assert_allclose(rects[4], (0.9, 0.9, 3.1, 1.1))
    assert rects[5:9] == [(0, 0, 1, 1), (0, 20, 1, 21), (10, 0, 11, 1), (10, 20, 11, 21)]
    assert rects[9:] == [(5, 6, 7, 8)], "shapes on other layers are left out"


def test_a_slanted_polygon_counts_as_its_box() -> None:
    body = "OBS LAYER m1 ; POLYGON 0 0 2 0 1 3 ; END\n"
    assert macro(body).obstructions == [Shape("m1", (0, 0, 2, 3))]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=5))
def test_a_skyline_is_cut_into_its_pixels(steps: list[tuple[int, int]]) -> None:
    """Columns of these heights, each one wide, on a ground line."""
    heights = [height for _, height in steps]
    points = [(0.0, 0.0)]
    for x, height in enumerate(heights):
        points += [(float(x), float(height)), (float(x + 1), float(height))]
    points.append((float(len(heights)), 0.0))
    image = np.zeros((6, len(heights)), int)
    for x1, y1, x2, y2 in lef.polygon_rects(points):
        image[int(y1) : int(y2), int(x1) : int(x2)] += 1
    wanted = np.arange(6)[:, None] < np.array(heights)[None]
    np.testing.assert_array_equal(image, wanted)


def test_the_first_of_equal_names_counts() -> None:
    library = parsed(TECHNOLOGY, CELLS, CELLS.replace("SIZE 0.4", "SIZE 0.9"))
    assert library.macros["cell"].width == 0.4


def test_blocks_and_statements_of_no_use_are_read_over() -> None:
    text = """BUSBITCHARS "[]" ;
    NONDEFAULTRULE wide LAYER m1 WIDTH 1 ; END m1 END wide
    SPACING SAMENET m1 m1 0.1 ; END SPACING
    BEGINEXT "x" LAYER ; MACRO END ENDEXT
    MACRO m
      SIZE 1 BY 1 ; FOREIGN m 0 0 ; SITE core ;
      DENSITY LAYER m1 ; RECT 0 0 1 1 50 ; END
      TIMING FROMPIN a ; END TIMING
    END m
    """
    library = parsed(TECHNOLOGY, text)
    assert list(library.layers) == ["m1", "m2", "m3", "m4"]
    assert library.macros["m"].obstructions == []


def test_gzip_and_sniff(tmp_path: Path) -> None:
    path = tmp_path / "t.lef.gz"
    path.write_bytes(gzip.compress(TECHNOLOGY.encode()))
    assert len(lef.read(path).layers) == 4
    assert lef.sniff(TECHNOLOGY.encode()[:1000])
    assert lef.sniff(CELLS.encode())
    assert not lef.sniff(b"DESIGN top ;\nDIEAREA ( 0 0 ) ( 1 1 ) ;\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LAYER m1\nTYPE ROUTING\nEND m1\n", "0.lef:2: "),
        ("LAYER m1\nTYPE ROUTING ;\nEND m2\n", "0.lef:3: 'END m2' within 'm1', expected END m1"),
        ("LAYER m1\nTYPE ROUTING ;\nEND m1\n", "0.lef:1: layer 'm1' has the direction ''"),
        ("LAYER m1\n PITCH x ;\nEND m1\n", "0.lef:2: 'PITCH x' lacks numbers, expected a number"),
        ("MACRO m\nEND m\n", "0.lef:1: macro 'm' has no SIZE, expected SIZE width BY height"),
        ("MACRO m\n\n SIZE 1 BY ;\nEND m\n", "0.lef:3: 'SIZE 1 BY' lacks numbers"),
        ("MACRO m\n SIZE 1 BY nan ;\nEND m\n", "0.lef:2: "),
        ("MACRO m\nPIN p\nEND q\nEND m\n", "0.lef:3: 'END q' within pin 'p', expected END p"),
        ("MACRO m\nSIZE 1 BY 1 ;\nEND n\n", "0.lef:3: 'END n' within macro 'm', expected END m"),
        ("# a\n# b\nMACRO m\nSIZE 1 BY 1 ;\n", "0.lef:4: the file ends after ';', expected a name"),
        ("\n\nSITE s\nCLASS CORE ;\n", "0.lef:3: the block 'SITE s CLASS CORE' has no end"),
        ("VERSION 5.8", "0.lef:1: the statement 'VERSION 5.8' has no end, expected ';'"),
        ("END m\n", "0.lef:1: 'END m' where no block is open, expected END LIBRARY"),
        ("BEGINEXT\n", "0.lef:1: the block 'BEGINEXT' has no end, expected ENDEXT"),
        ("MACRO m\nSIZE 1 BY 1 ;\nOBS\nRECT 0 0 1 1 ;\nEND\nEND m\n", "0.lef:4: "),
    ],
)
def test_an_error_names_its_line(text: str, message: str) -> None:
    assert refused(text).startswith(message)


def test_errors_within_shapes_name_their_line() -> None:
    text = CELLS.replace("0.02 0.04 0.08 0.1", "0.02 0.04 0.08")
    assert refused(TECHNOLOGY, text) == (
        "1.lef:10: 'RECT 0.02 0.04 0.08' lacks numbers, expected 4 numbers"
    )
    text = CELLS.replace("RECT 0.02 0.04 0.08 0.1", "POLYGON 0 0 1 1")
    assert refused(TECHNOLOGY, text).startswith("1.lef:10: 'POLYGON 0 0 1 1' has too few corners")


@given(
    damaged_texts(TECHNOLOGY + CELLS, ["", ";", "END", " END m1 ", '"', "-", "nan", "RECT", "9e99"])
)
def test_a_damaged_file_is_read_or_refused(text: str) -> None:
    read_or_refused(text, parsed)


@pytest.mark.parametrize("technology", REAL_LEFS)
def test_real_cells_as_another_reader_has_them(technology: str, tmp_path: Path) -> None:
    leflib = pytest.importorskip("sc_leflib", reason="sc-leflib is not installed")
    folder = real_designs()
    paths = [folder / name for name in REAL_LEFS[technology]]
    library = lef.read(paths)
    compared = 0
    for path in paths:
        plain = tmp_path / "plain.lef"
        plain.write_bytes(read_bytes(path))
        other = leflib.parse(str(plain))
        for name, layer in other.get("layers", {}).items():
            if layer.get("type") == "ROUTING":
                assert library.layers[name].horizontal == (layer["direction"] == "HORIZONTAL")
                assert library.layers[name].width == pytest.approx(layer["width"])
        for name, cell in other.get("macros", {}).items():
            ours = library.macros[name]
            size = cell["size"]["width"], cell["size"]["height"]
            assert (ours.width, ours.height) == pytest.approx(size)
            assert set(ours.pins) == set(cell.get("pins", {}))
            for pin, theirs in cell.get("pins", {}).items():
                rects = {
                    (part["layer"], *shape["rect"])
                    for port in theirs.get("ports", [])
                    for part in port["layer_geometries"]
                    for shape in part["shapes"]
                    if "rect" in shape and part["layer"] in library.layers
                }
                found = {(layer, *rect) for layer, rect in ours.pins[pin].shapes}
                assert rects <= found
                compared += len(rects)
    assert compared > 500
