"""DEF: the statements a router needs, and errors with their lines."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given

from eda_router.errors import InputError
from eda_router.formats import def_file
from eda_router.formats.def_file import Box, Component, DefFile, Tracks
from eda_router.formats.lef import Shape
from tests.damage import damaged_texts, read_or_refused
from tests.placed import HEAD, def_text


def parsed(text: str) -> DefFile:
    return def_file.parse(text.encode(), "d.def", {"v": [Shape("m1", (-0.01, -0.02, 0.03, 0.04))]})


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parsed(text)
    return str(caught.value)


def test_head_and_tracks() -> None:
    design = parsed(def_text("GCELLGRID X 0 DO 3 STEP 1500 ;\n"))
    assert (design.name, design.dbu, design.die) == ("top", 1000, (0, 0, 4500, 3000))
    assert design.tracks[0] == Tracks("X", 50, 45, 100, ("m1",))
    assert design.gcells == [Tracks("X", 0, 3, 1500, ())]


def test_the_die_may_be_a_polygon() -> None:
    head = HEAD.replace("( 0 0 ) ( 4500 3000 )", "( -5 0 ) ( * 9 ) ( 7 * ) ( 7 3 ) ( 3 3 ) ( 3 0 )")
    assert parsed(def_text(head=head)).die == (-5, 0, 7, 9)


def test_components_and_counts_that_lie() -> None:
    components = (
        "- u1 cell + SOURCE DIST + FIXED ( 10 20 ) FS + WEIGHT 2 ;\n"
        "- a/b\\[3\\]$x cell + COVER ( -10 20 ) W ;\n"
    )
    design = parsed(def_text(components=components))
    assert list(design.components) == ["u1", "a/b\\[3\\]$x"]
    assert design.components["u1"][:4] == Component("cell", 10, 20, "FS", 0)[:4]


def test_pins_with_ports_polygons_and_vias() -> None:
    pins = """PINS 2 ;
    - p + NET n + DIRECTION INPUT + USE SIGNAL
      + LAYER m1 ( -5 0 ) ( 5 30 ) + LAYER m2 MASK 1 SPACING 5 ( 0 0 ) ( 1 2 )
      + FIXED ( 100 200 ) S ;
    - q + NET n + PORT + POLYGON m1 ( 0 0 ) ( 4 0 ) ( 4 2 ) ( 0 2 ) + PLACED ( 10 10 ) E
      + PORT + VIA v ( 1 1 ) + PLACED ( 0 0 ) N + PORT + LAYER m3 ( 0 0 ) ( 9 9 ) ;
    - q.extra1 + NET n + LAYER m4 ( 0 0 ) ( 1 1 ) + PLACED ( 0 0 ) N ;
    END PINS
    """
    design = parsed(def_text(pins))
    assert design.pins["p"] == [Box("m1", (95, 170, 105, 200)), Box("m2", (99, 198, 100, 200))]
    assert design.pins["q"] == [
        Box("m1", (10, 6, 12, 10)),
        Box("m1", (-9, -19, 31, 41)),
        Box("m4", (0, 0, 1, 1)),
    ], "the port without a place has no shape"


def test_nets() -> None:
    nets = """- n ( PIN p ) ( u1 a ) + USE CLOCK + ROUTED m1 ( 0 0 ) ( 5 * ) v NEW m2 ( 1 1 ) ;
    - m ( u1 z + SYNTHESIZED ) ( u2 a ) ;
    - e ;
    MUSTJOIN
    """.replace("    MUSTJOIN\n    ", "")
    found = parsed(def_text(nets=nets)).nets
    assert [(net.name, net.components, net.pins, net.use) for net in found] == [
        ("n", ["PIN", "u1"], ["p", "a"], "CLOCK"),
        ("m", ["u1", "u2"], ["z", "a"], "SIGNAL"),
        ("e", [], [], "SIGNAL"),
    ]


def test_straps_of_special_nets() -> None:
    special = """SPECIALNETS 1 ;
    - VDD ( * VDD ) ( u1 VDD ) + USE POWER
      + ROUTED m1 20 + SHAPE STRIPE ( 0 50 ) ( 100 * ) v
      NEW m2 10 + SHAPE STRIPE + STYLE 1 ( 7 100 5 ) MASK 3 ( * 0 ) v W DO 2 BY 1 STEP 1000 0
      NEW m3 0 ( 5 5 ) RECT ( -1 -2 3 4 )
      NEW m3 8 ( 0 0 ) VIRTUAL ( 9 0 ) ( 19 0 )
      + RECT m4 + MASK 1 ( 3 4 ) ( 1 2 ) + POLYGON m4 ( 0 0 ) ( 0 2 ) ( 2 2 ) ( 2 0 )
      + VIA v N ( 100 100 ) ( 200 200 ) ;
    - VSS + SHIELD VDD m1 2 ( 0 0 ) ( 10 0 ) + USE GROUND ;
    END SPECIALNETS
    """
    design = parsed(def_text(special))
    assert design.supply == {"VDD", "VSS"}
    assert design.straps == [
        Box("m1", (0, 40, 100, 60)),
        Box("m1", (90, 30, 130, 90)),
        Box("m2", (2, 0, 12, 105)),
        Box("m1", (-33, -10, 27, 30)),
        Box("m1", (967, -10, 1027, 30)),
        Box("m3", (4, 3, 8, 9)),
        Box("m3", (9, -4, 19, 4)),
        Box("m4", (1, 2, 3, 4)),
        Box("m4", (0, 0, 2, 2)),
        Box("m1", (90, 80, 130, 140)),
        Box("m1", (190, 180, 230, 240)),
        Box("m1", (0, -1, 10, 1)),
    ]


def test_vias_of_rectangles_and_of_rules() -> None:
    vias = """VIAS 2 ;
    - r + RECT m1 + MASK 1 ( 3 4 ) ( -1 -2 ) + POLYGON m2 ( 0 0 ) ( 0 2 ) ( 2 2 ) ( 2 0 ) ;
    - g + VIARULE rule + CUTSIZE 20 30 + LAYERS m1 v1 m2 + CUTSPACING 10 5 + ENCLOSURE 1 2 3 4
      + ROWCOL 3 2 + ORIGIN 100 0 + OFFSET 0 0 0 7 ;
    END VIAS
    """.replace("+ MASK 1 ", "")
    design = parsed(def_text(vias))
    assert design.vias["r"] == [Box("m1", (-1, -2, 3, 4)), Box("m2", (0, 0, 2, 2))]
    # Two columns of 20 with a gap of 10, three rows of 30 with gaps of 5: 50 x 100.
    assert design.vias["g"] == [Box("m1", (74, -52, 126, 52)), Box("m2", (72, -47, 128, 61))]


def test_blockages_on_layers_alone_count() -> None:
    blockages = """BLOCKAGES 3 ;
    - LAYER m1 + SPACING 10 RECT ( 0 0 ) ( 5 5 ) POLYGON ( 0 0 ) ( 0 2 ) ( 2 2 ) ( 2 0 ) ;
    - PLACEMENT + SOFT RECT ( 0 0 ) ( 5 5 ) ;
    - LAYER m2 RECT ( 9 9 ) ( 5 5 ) ;
    END BLOCKAGES
    """
    assert parsed(def_text(blockages)).blockages == [
        Box("m1", (0, 0, 5, 5)),
        Box("m1", (0, 0, 2, 2)),
        Box("m2", (5, 5, 9, 9)),
    ]


def test_other_sections_are_read_over() -> None:
    other = """PROPERTYDEFINITIONS
      NET x STRING ;
    END PROPERTYDEFINITIONS
    BEGINEXT "tag" - END ; ENDEXT
    FILLS 1 ;
      - LAYER m1 RECT ( 0 0 ) ( 1 1 ) ;
    END FILLS
    NONDEFAULTRULES 1 ; - r + LAYER m1 WIDTH 3 ; END NONDEFAULTRULES
    ROW r core 0 0 N DO 5 BY 1 STEP 10 0 ;
    HISTORY "no ; end" ;
    """
    assert parsed(def_text(other)).name == "top"


def test_gzip_and_sniff(tmp_path: Path) -> None:
    path = tmp_path / "d.def.gz"
    path.write_bytes(gzip.compress(def_text().encode()))
    assert def_file.read(path).name == "top"
    assert def_file.sniff(def_text().encode()[:500])
    assert not def_file.sniff(b"grid 3 4\nvertical capacity 3\n")
    assert not def_file.sniff(b"VERSION 5.8 ;\nMACRO m\n SIZE 1 BY 1 ;\nEND m\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (def_text(components="- u cell + UNPLACED ;\n"), "d.def:14: component 'u' is not placed"),
        (def_text(components="- u cell ;\n"), "d.def:14: component 'u' is not placed"),
        (def_text(components="- u cell + PLACED ( 1 2 ) Q ;\n"), "d.def:14: '- u cell + PLACED ('"),
        (def_text(components="- u cell + PLACED ( 1 x ) N ;\n"), "d.def:14: "),
        (def_text(components="- u cell + PLACED ( 1 99999999999 ) N ;\n"), "d.def:14: "),
        (def_text(components="- u c + FIXED ( 1 2 ) N\n- v c + FIXED ( 1 2 ) N ;\n"), "d.def:14: "),
        (
            def_text(components=2 * "- u c + FIXED ( 1 2 ) N ;\n"),
            "d.def:15: component 'u' appears t",
        ),
        (def_text(nets="- n ( u ) ;\n"), "d.def:16: '- n ( u )' in NETS, expected - name ( compon"),
        (def_text(nets="- n ( u a ) u b ;\n"), "d.def:16: "),
        (def_text(nets="- n ;\n- n ;\n"), "d.def:17: net 'n' appears twice"),
        (def_text(nets="- n ( u a )\n"), "d.def:16: the statement '- n ( u a )' has no end"),
        (
            def_text(components="- u c + FIXED ( 1 2 ) N\n"),
            "d.def:14: '- u c + FIXED (' in COMPONENTS",
        ),
        (
            def_text("TRACKS Z 0 DO 1 STEP 1 LAYER m1 ;\n"),
            "d.def:13: 'TRACKS Z 0 DO 1 STEP 1 LAYER'",
        ),
        (def_text("TRACKS X 0 DO 0 STEP 1 LAYER m1 ;\n"), "d.def:13: "),
        (def_text("TRACKS X 0 DO 5 STEP 0 LAYER m1 ;\n"), "d.def:13: "),
        (def_text(head="DESIGN d ;\n"), "d.def:14: no UNITS, expected UNITS DISTANCE MICRONS"),
        (def_text(head="UNITS DISTANCE MICRONS 0 ;\n"), "d.def:1: 'UNITS DISTANCE MICRONS 0'"),
        (def_text(head="UNITS DISTANCE MICRONS 9 ;\n"), "d.def:14: no DIEAREA, or an empty one"),
        ("DIEAREA ( 0 0 ) ;\n", "d.def:1: no UNITS"),
        ("DIEAREA ( 0 0 ( 1 1 ) ;\n", "d.def:1: 'DIEAREA ( 0 0 ( 1 1 )', expected DIEAREA ( x y )"),
        ("COMPONENTS 3 ;\n", "d.def:1: the file ends after ';', expected a name"),
        ("COMPONENTS 3 ;\nEND PINS\n", "d.def:2: 'END PINS' within COMPONENTS, expected END COMP"),
        ("END NETS\n", "d.def:1: 'END NETS' where no section is open, expected END DESIGN"),
        ("\nFILLS 1 ;\n- LAYER m1 ;\n", "d.def:2: the block 'FILLS 1' has no end, expected END FI"),
        (
            def_text("SPECIALNETS 1 ;\n- V + ROUTED m1 0 ( 0 0 ) w ;\nEND SPECIALNETS\n"),
            "d.def:14: '- V' names the unknown via 'w'",
        ),
        (
            def_text("BLOCKAGES 1 ;\n- SLOT m1 ;\nEND BLOCKAGES\n"),
            "d.def:14: '- SLOT m1' in BLOCKAG",
        ),
        (
            def_text("VIAS 1 ;\n- v + VIARULE r ;\nEND VIAS\n"),
            "d.def:14: '- v + VIARULE r' in VIAS",
        ),
    ],
)
def test_an_error_names_its_line(text: str, message: str) -> None:
    assert refused(text).startswith(message)


FULL = def_text(
    "VIAS 1 ;\n- g + VIARULE r + CUTSIZE 2 2 + LAYERS m1 v1 m2 + CUTSPACING 1 1"
    " + ENCLOSURE 1 1 1 1 ;\nEND VIAS\n"
    "PINS 1 ;\n- p + NET n + LAYER m1 ( 0 0 ) ( 1 1 ) + PLACED ( 0 0 ) N ;\nEND PINS\n"
    "SPECIALNETS 1 ;\n- V + USE POWER + ROUTED m1 2 + SHAPE STRIPE ( 0 0 ) ( 9 * ) g DO 1 BY 1 STEP"
    " 1 1 NEW m2 2 ( 0 0 ) RECT ( 0 0 1 1 ) + RECT m1 ( 0 0 ) ( 1 1 ) ;\nEND SPECIALNETS\n"
    "BLOCKAGES 1 ;\n- LAYER m1 RECT ( 0 0 ) ( 5 5 ) ;\nEND BLOCKAGES\n",
    components="- u1 cell + PLACED ( 10 20 ) FS ;\n",
    nets="- n ( PIN p ) ( u1 a + SYNTHESIZED ) + USE CLOCK ;\n",
)


def test_the_file_that_is_damaged_is_good() -> None:
    assert len(parsed(FULL).straps) == 5


@given(
    damaged_texts(
        FULL, ["", ";", " ; ", "END", " - ", " + ", '"', "(", ")", " * ", "9e9", "-1", " N "]
    )
)
def test_a_damaged_file_is_read_or_refused(text: str) -> None:
    read_or_refused(text, parsed)
