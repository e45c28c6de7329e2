"""Formats of designs are told apart by their content, then by their name."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

import eda_router
from eda_router import formats
from eda_router.errors import InputError
from eda_router.formats import ispd98
from eda_router.formats.text import read_bytes, read_head
from eda_router.resources import design_names
from tests.pictured import one_net

TEXT = ispd98.format_design(one_net()[0]).encode()


@pytest.mark.parametrize("name", ["d.modified", "d.xyz", "d", "d.def"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_content_decides(tmp_path: Path, name: str, pack) -> None:
    (tmp_path / name).write_bytes(pack(TEXT))
    design = formats.read(tmp_path / name)
    assert design.net_names == ["solo"]
    assert eda_router.read(tmp_path / name).pins.tolist() == design.pins.tolist()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"grid 3 4\n", True),
        (b"\n \r\n  grid 3 x", True),
        (b"\xef\xbb\xbfgrid", True),
        (b"grid 3 4\nvertical capacity 1 2 3\n", True),
        (b"grid 3 4 2\n", False),
        (b"grids 3 4\n", False),
        (b"VERSION 5.8 ;\n", False),
        (b"", False),
    ],
)
def test_the_head_of_the_format(head: bytes, expected: bool) -> None:
    assert ispd98.sniff(head) == expected


def test_a_damaged_file_is_explained_by_the_format_of_its_name(tmp_path: Path) -> None:
    for name in ("d.modified", "d.modified.txt.gz"):
        (tmp_path / name).write_text("grit 3 3\n")
        with pytest.raises(InputError, match=f"{name}:1: 'grit 3 3', expected 'grid W H'"):
            formats.read(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"net0 0\n(0,0,1)-(1,0,1)\n!\n", b"\0\1\2", b"\x1f\x8b"])
def test_what_is_no_format_is_one_line_that_names_what_was_tried(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "d.txt").write_bytes(content)
    with pytest.raises(InputError) as caught:
        formats.read(tmp_path / "d.txt")
    told = str(caught.value)
    assert "\n" not in told
    if content != b"\x1f\x8b":
        assert "no design in a format known, expected ISPD98, which begins with 'grid" in told


def test_bundled_designs_are_read_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in design_names():
        assert eda_router.read(name).num_nets > 0
    with pytest.raises(InputError, match="a bundled design: "):
        eda_router.read("no-such-design")


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "wb") as pipe:
        pipe.write(gzip.compress(TEXT))
    try:
        assert formats.read(f"/dev/fd/{ours}").net_names == ["solo"]
    finally:
        os.close(ours)


def test_heads_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "d"
    for content in (b"", b"x", TEXT * 1000):
        for pack in (bytes, gzip.compress):
            path.write_bytes(pack(content))
            assert read_head(path, 100) == content[:100]
            assert read_bytes(path) == content


def test_the_package_of_formats_costs_nothing() -> None:
    code = "import sys, eda_router.formats; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
