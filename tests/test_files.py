"""Writing files: old or new and never half, wherever they lie; checks before long work."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from eda_router import files
from eda_router.errors import InputError
from tests.unprivileged import unprivileged


def test_a_written_file_has_the_usual_permissions(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        files.write_atomically(tmp_path / "new", b"x")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    files.write_atomically(tmp_path / "new", b"y")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    path = tmp_path / "out.route"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((KeyboardInterrupt, InputError)):
        files.write_atomically(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.route"]
    assert path.read_text() == "old"


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    files.write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_device_is_written_into() -> None:
    files.check_writable("/dev/null")
    files.write_atomically("/dev/null", b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    files.check_writable(pipe)
    files.write_atomically(pipe, b"through")
    reader.join(10)
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_open_descriptor_is_written_on_where_it_stands(tmp_path: Path) -> None:
    with open(tmp_path / "log", "wb", buffering=0) as log:
        log.write(b"before ")
        name = f"/dev/fd/{log.fileno()}"
        files.check_writable(name)
        files.write_atomically(name, b"written")
        log.write(b" after")
    assert (tmp_path / "log").read_bytes() == b"before written after"


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_standard_output_by_its_names(name: str) -> None:
    code = (
        "from eda_router import files; print('before')\n"
        f"files.check_outputs({name!r}); files.write_atomically({name!r}, b'written\\n')\n"
        "print('after')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "before\nwritten\nafter\n"
    assert files.is_stdout(name)
    assert not files.is_stdout("stdout")


def test_a_folder_or_a_missing_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing" / "out.route"):
        with pytest.raises(InputError):
            files.check_writable(path)
        with pytest.raises(InputError):
            files.write_atomically(path, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 255, "宽" * 83, "." * 60 + "é" * 90, "x." + "y" * 250])
def test_a_name_as_long_as_names_can_be(tmp_path: Path, name: str) -> None:
    files.check_writable(tmp_path / name)
    files.write_atomically(tmp_path / name, b"x")
    assert os.listdir(tmp_path) == [name]


def test_a_name_too_long_or_a_loop_of_links_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "file").touch()
    for path, problem in (
        (tmp_path / ("x" * 300), "File name too long"),
        (tmp_path / "a", "Too many levels of symbolic links"),
        (tmp_path / "file" / "x", "Not a directory"),
    ):
        for check in (files.check_writable, files.check_folder):
            with pytest.raises(InputError, match=f"cannot be written: {problem}"):
                check(path)
        with pytest.raises(InputError, match=f"cannot be written: {problem}"):
            files.write_atomically(path, b"x")


def test_folders_are_checked_without_making_them(tmp_path: Path) -> None:
    files.check_folder(tmp_path)
    files.check_folder(tmp_path / "new" / "newer")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is no folder"):
        files.check_folder(tmp_path / "file")


ATTEMPT = """
import sys
from eda_router import files
from eda_router.errors import InputError
for path in sys.argv[1:]:
    checked = written = "yes"
    try: files.check_writable(path)
    except InputError: checked = "no"
    try: files.write_atomically(path, b"new")
    except InputError: written = "no"
    print(checked, written)
"""


@pytest.mark.parametrize(
    ("mode", "folder_mode", "expected"),
    [
        (0o600, 0o1777, "no no"),
        (0o666, 0o1777, "yes yes"),
        (0o666, 0o755, "yes yes"),
        (0o644, 0o755, "no no"),
        (0o400, 0o777, "yes yes"),
    ],
)
def test_what_is_checked_is_what_can_be_written(
    tmp_path: Path, mode: int, folder_mode: int, expected: str
) -> None:
    """Files of another user, in a folder of that user: sticky, closed or open to all."""
    if os.geteuid():
        pytest.skip("only root can make files of another user")
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "out").write_text("old")
    for path in (folder, folder / "out"):
        os.chown(path, 65534, 65534)
    (folder / "out").chmod(mode)
    folder.chmod(folder_mode)
    command = [*unprivileged(), sys.executable, "-c", ATTEMPT, str(folder / "out")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == f"{expected}\n"
    assert (folder / "out").read_text() == ("new" if expected == "yes yes" else "old")
    assert os.listdir(folder) == ["out"]


def test_a_file_that_is_mounted_by_itself_is_written_into(tmp_path: Path) -> None:
    host, guest = tmp_path / "host", tmp_path / "guest"
    host.write_text("old and longer than the new")
    guest.touch()
    mount = f"mount --bind {host} {guest} || exit 77; exec {sys.executable} -c '{ATTEMPT}' {guest}"
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    run = subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True, text=True)
    if "yes" not in run.stdout and "no" not in run.stdout:
        pytest.skip(f"no mounts here: {run.stderr}")
    assert run.stdout == "yes yes\n"
    assert host.read_text() == "new"


def test_two_names_of_one_file_are_refused_even_before_it_exists(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "up").symlink_to("folder")
    (tmp_path / "to-be").symlink_to("new")
    (tmp_path / "old").touch()
    os.link(tmp_path / "old", tmp_path / "twin")
    for one, other in (
        ("new", "new"),
        ("new", "./folder/../new"),
        ("to-be", "new"),
        ("up/new", "folder/new"),
        ("old", "twin"),
    ):
        with pytest.raises(InputError, match=f"is .*{Path(one).name} too, expected different"):
            files.check_outputs(tmp_path / one, f"{tmp_path}/{other}")
        with pytest.raises(InputError, match="expected different files"):
            files.check_outputs(tmp_path / one, inputs=[f"{tmp_path}/{other}"])
    files.check_outputs(tmp_path / "new", tmp_path / "newer", None, inputs=[tmp_path / "old", None])
    files.check_outputs("/dev/null", "/dev/null", "-")
    for one, other in (("-", "-"), ("-", "/dev/stdout"), ("/dev/fd/1", "-")):
        with pytest.raises(InputError, match=f"{other}: is {one} too, expected different files"):
            files.check_outputs(one, other)
    assert not (tmp_path / "new").exists()


def test_what_a_writer_of_files_leaves_is_renamed_with_its_suffix(tmp_path: Path) -> None:
    with files.replacing(tmp_path / "a.gz") as beside:
        assert beside.suffix == ".gz"
        assert beside.parent == tmp_path
        with gzip.open(beside, "wb") as file:
            file.write(b"x")
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"x"
    assert os.listdir(tmp_path) == ["a.gz"]


def test_bytes_of_file_names_are_made_displayable() -> None:
    name = os.fsdecode(b"caf\xe9\xff-\xc3\xa9")
    assert files.displayable(name) == "caf\ufffd\ufffd-é"
    assert files.displayable("网络 😀") == "网络 😀"
