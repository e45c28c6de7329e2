from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_router.design import Design
from eda_router.errors import EdarouteError, InputError
from eda_router.formats import ispd98, text
from eda_router.formats.text import decode
from tests.damage import Damage, damages
from tests.generators import designs, same_design

SMALL = """grid 5 4
vertical capacity 2
horizontal capacity 3
num net 3
netA 0 3
  1 3
  1 2
  1 2
b(1)! 5 2
  0 0
  4 0
netC 7 1
  2 2

"""


def parse(text: str | bytes) -> Design:
    return ispd98.parse(text.encode() if isinstance(text, str) else text, "small.modified.txt")


def parse_slowly(data: bytes) -> Design:
    return ispd98._SlowParser("design", decode("design", data)).parse("design")


def test_small_design() -> None:
    design = parse(SMALL)
    assert (design.name, design.width, design.height) == ("small", 5, 4)
    assert design.net_names == ["netA", "b(1)!", "netC"]
    assert design.net_ids.tolist() == [0, 5, 7]
    assert [design.net_pins(net).tolist() for net in range(3)] == [[11, 16], [0, 4], [12]]
    assert design.routable.tolist() == [0, 1]
    assert design.horizontal_capacity.shape == (4, 4)
    assert np.all(design.horizontal_capacity == 3)
    assert design.vertical_capacity.shape == (3, 5)
    assert np.all(design.vertical_capacity == 2)
    # What lies across the border has no capacity.
    assert design.capacity.sum() == 16 * 3 + 15 * 2


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", "\r\n", 4),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: "\n  \n" + text,
        lambda text: text.replace("  ", "\t"),
        lambda text: text.replace("\n", " \t\n"),
        lambda text: text.replace("  ", ""),
        lambda text: text.replace(" ", "   "),
        lambda text: text.rstrip(),
        lambda text: "\ufeff" + text,
    ],
)
def test_blanks_and_line_ends_do_not_matter(change) -> None:
    assert same_design(parse(change(SMALL)), parse(SMALL))


@damages(
    r"""
    grid 5 4\n |  | 1 | 'vertical capacity 2', expected 'grid W H'
    grid 5 4              | grid 5                       |  1 | 'grid 5'
    grid 5 4              | grid 0 4                     |  1 | grid of 0 x 4 tiles
    grid 5 4              | grid -5 -4                   |  1 | grid of -5 x -4 tiles
    grid 5 4              | grid 5 x                     |  1 | 'x', expected a whole number
    grid 5 4              | grid 99999999 99999999       |  1 | grid of 99999999 x 99999999 tiles
    vertical capacity 2   | vertical capacity -2         |  2 | vertical capacity -2
    vertical capacity 2   | vertical capacity 2.5        |  2 | '2.5'
    vertical capacity 2   | vertical capacity 9999999999 |  2 | vertical capacity 9999999999
    horizontal capacity 3 | horizontal 3                 |  3 | 'horizontal 3'
    num net 3             | num net -3                   |  4 | -3 nets
    num net 3 | num net 4 | 14 | the file ends here, expected net 4 of 4
    num net 3             | num net 2                    | 12 | 'netC 7 1' after the last of 2 nets
    netA 0 3              | netA 0 2                     |  8 | '1 2' where net 2 of 3 begins
    netA 0 3 | netA 0 4 | 9 | 'b(1)! 5 2' where pin 4 of 4 of net 'netA' stands
    netA 0 3              | netA 0 0                     |  5 | net 'netA' with 0 pins
    netA 0 3              | netA 0 -3                    |  5 | net 'netA' with -3 pins
    netA 0 3              | netA zero 3                  |  5 | 'zero', expected a whole number
    netA 0 3              | netA 1_0 3                   |  5 | '1_0', expected a whole number
    netA 0 3              | netA 0 3 4                   |  5 | 'netA 0 3 4' where net 1 of 3 begins
    netC 7 | netA 7 | 12 | net name 'netA' is taken since line 5
    netC 7                | (C 7                         | 12 | net name '(C'
    netC 7                | ! 7                          | 12 | net name '!'
    4 0 | 5 0 | 11 | at (5, 0) is off the grid, expected x from 0 to 4
    4 0                   | 4 4                          | 11 | at (4, 4) is off the grid
    4 0                   | -1 0                         | 11 | at (-1, 0) is off the grid
    4 0 | 4 0 1 | 11 | '4 0 1' where pin 2 of 2 of net 'b(1)!' stands
    4 0                   | 4                            | 11 | '4' where pin 2 of 2
    4 0                   | 4 \0                         | 11 | byte 0x00 is no text
    """,
    ("  2 2\n\n", "", 12, "the file ends here, expected pin 1 of 1 of net 'netC'"),
    ("grid 5 4", "grid 5 " + "9" * 5000, 1, "expected a whole number"),
    ("netA 0 3", "netA " + "9" * 30 + " 3", 5, "expected 64 bits at most"),
)
def test_faults_are_told_with_their_line(damage: Damage) -> None:
    damage.check(SMALL, parse)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\x89PNG\r\n\x1a\n\0\0", b"\xff\xfe" * 50])
def test_rubbish(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse(data)
    assert caught.value.line is not None


def test_unreadable_files(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(gzip.compress(SMALL.encode())[:-9])
    for path, problem in [
        (tmp_path / "missing", "cannot be read: No such file"),
        (tmp_path, "cannot be read: Is a directory"),
        (damaged, "damaged gzip file"),
        (Path("nul\0byte"), "cannot be read"),
    ]:
        with pytest.raises(InputError, match=problem) as caught:
            ispd98.read(path)
        assert caught.value.line is None


@pytest.mark.parametrize("name", ["x.modified.txt", "x.modified", "x.modified.gz", "x"])
def test_names_and_gzip(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    ispd98.write(parse(SMALL), path)
    assert path.read_bytes().startswith(b"\x1f\x8b") == name.endswith(".gz")
    design = ispd98.read(path)
    assert design.name == "x"
    assert design.net_names == parse(SMALL).net_names


def test_no_nets() -> None:
    design = parse("grid 2 2\nvertical capacity 1\nhorizontal capacity 1\nnum net 0\n")
    assert design.num_nets == 0
    assert design.pins.dtype == np.int32


def test_two_pin_course_variant() -> None:
    design = parse(
        "grid 64 64\nvertical capacity 12\nhorizontal capacity 14\nnum net 2\n"
        "net0 0 2\n20 63\n21 63\nnet1 1 2\n5 5\n5 5\n"
    )
    assert design.pin_counts.tolist() == [2, 1]


def test_format_refuses_what_it_cannot_hold() -> None:
    design = parse(SMALL)
    design.capacity[1, 1, 0] = 9
    with pytest.raises(EdarouteError, match="several horizontal capacities"):
        ispd98.format_design(design)


@given(designs())
def test_round_trip(design: Design) -> None:
    data = ispd98.format_design(design).encode()
    assert same_design(ispd98.parse(data, "design"), design)
    assert same_design(parse_slowly(data), design)
    if data.isascii() and design.num_nets:
        fast = ispd98._parse_fast(data, "design")
        assert fast is not None
        assert same_design(fast, design)


@given(st.data())
def test_a_damaged_file_is_read_or_explained(data: st.DataObject) -> None:
    content = bytearray(ispd98.format_design(data.draw(designs())).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 6)))
        scrap = st.sampled_from(
            [b" ", b"\n", b"\r", b"-", b"0", b"9", b"+", b"\x0b", b"\x85", b"!"]
        )
        content[start:end] = data.draw(scrap | st.binary(max_size=4))
    damaged = bytes(content)
    try:
        slow = parse_slowly(damaged)
    except InputError as error:
        assert error.line is not None
        assert str(error).startswith(f"design:{error.line}: ")
        assert "\n" not in str(error)
        assert ispd98._parse_fast(damaged, "design") is None
    else:
        assert same_design(ispd98.parse(damaged, "design"), slow)


@given(st.binary(max_size=200))
def test_binary_rubbish_is_explained(content: bytes) -> None:
    with pytest.raises(InputError):
        ispd98.parse(content, "design")


@pytest.mark.parametrize(
    ("circuit", "grid", "nets", "routable", "half_perimeter"),
    [
        ("ibm01", (64, 64), 11507, 9128, 52739),
        ("ibm02", (80, 64), 18429, 14270, 142201),
        ("ibm04", (96, 64), 26163, 19738, 147947),
        ("ibm06", (128, 64), 33354, 25797, 241014),
        ("ibm08", (192, 64), 47944, 35195, 339426),
        ("ibm10", (256, 64), 64227, 49491, 513153),
    ],
)
def test_real_circuits(ispd98_path, circuit, grid, nets, routable, half_perimeter) -> None:
    from eda_router.report.statistics import design_values

    path = ispd98_path(circuit)
    design = ispd98.read(path)
    values = design_values(design)
    assert (design.name, design.width, design.height) == (circuit, *grid)
    assert (values["nets"], values["nets_to_route"]) == (nets, routable)
    assert values["half_perimeter"] == half_perimeter
    data = path.read_bytes()
    fast = ispd98._parse_fast(data, circuit)
    assert fast is not None
    assert same_design(fast, ispd98._SlowParser(path, data.decode()).parse(circuit))


def test_a_small_file_that_unpacks_to_much_is_refused_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(1 << 20)))
    assert len(text.read_bytes(path, 1 << 20)) == 1 << 20
    with pytest.raises(InputError, match=r"bomb.gz: unpacks to more than 1048575 bytes"):
        text.read_bytes(path, (1 << 20) - 1)
    path.write_bytes(b"x" * 11)
    with pytest.raises(InputError, match=r"holds more than 10 bytes"):
        text.read_bytes(path, 10)


def test_a_pipe_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    for content in (b"grid", gzip.compress(b"grid")):
        writer = threading.Thread(target=path.write_bytes, args=(content,))
        writer.start()
        assert text.read_bytes(path) == b"grid"
        writer.join()
