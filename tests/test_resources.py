from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from eda_router import numba_cache, resources
from eda_router.errors import EdarouteError, InputError


def test_bundled_designs_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "_bundled" / "data"
    data.mkdir(parents=True)
    (data / "demo.modified.txt.gz").touch()
    for name in ("chip.def.gz", "chip.lef.gz", "bare.def.gz", "README.md"):
        (data / name).touch()
    # As in a wheel: the package folder has no project around it.
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path)
    assert resources.design_names() == ["bare", "chip", "demo"]
    assert resources.find_design("demo") == data / "demo.modified.txt.gz"
    with pytest.raises(
        InputError, match=r"other: no such file, expected one, or .*: bare, chip, demo$"
    ):
        resources.find_design("other")
    assert resources.find_design("other.modified") == Path("other.modified")
    assert resources.find_design("folder/demo") == Path("folder/demo")
    assert resources.bundled("data", "README.md") == data / "README.md"
    assert resources.find_design("chip") == data / "chip.def.gz"
    assert resources.bundled_lef(data / "chip.def.gz") == data / "chip.lef.gz"
    assert resources.bundled_lef(data / "demo.modified.txt.gz") is None
    assert resources.bundled_lef(tmp_path / "chip.def.gz") is None
    with pytest.raises(EdarouteError, match=r"no bare\.lef\.gz among the bundled data"):
        resources.bundled_lef(data / "bare.def.gz")
    with pytest.raises(EdarouteError, match="no other among the bundled data"):
        resources.bundled("data", "other")


def test_a_file_goes_before_a_bundled_design(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("README.md").touch()
    assert resources.find_design("README.md") == Path("README.md")


def test_in_a_checkout_the_folders_at_the_top_are_used() -> None:
    for kind in ("data", "models"):
        assert resources.folder(kind) == Path(__file__).parent.parent / kind


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cache folder is set, and what a test sets is gone afterwards."""
    # Set before it is deleted, since monkeypatch puts back only what it saw change.
    monkeypatch.setenv("NUMBA_CACHE_DIR", "unset")
    monkeypatch.delenv("NUMBA_CACHE_DIR")


@pytest.fixture
def unwritable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder, and neither package nor home that could be written."""
    monkeypatch.setattr(numba_cache, "_could_write", lambda folder: False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_kernels_find_a_private_cache(unwritable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numba_cache.find_numba_cache()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert folder.parent == unwritable
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    # The second run finds what the first compiled, unless others could have written there.
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    numba_cache.find_numba_cache()
    assert Path(os.environ["NUMBA_CACHE_DIR"]) == folder
    folder.chmod(0o777)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    numba_cache.find_numba_cache()
    assert Path(os.environ["NUMBA_CACHE_DIR"]) != folder


def test_a_cache_that_works_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba_cache, "_could_write", lambda folder: True)
    numba_cache.find_numba_cache()
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_compiled_kernels_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert not numba_cache.kernels_compiled()
    (tmp_path / "search_1").mkdir()
    (tmp_path / "search_1" / "box.new_box-1.py311.nbi").touch()
    assert numba_cache.kernels_compiled()


def test_a_folder_that_cannot_be_made_is_none_to_write(tmp_path: Path) -> None:
    assert numba_cache._could_write(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").touch()
    assert not numba_cache._could_write(tmp_path / "file" / "b")
