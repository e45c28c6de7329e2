"""A place for compiled kernels where there would be none.

Numba keeps compiled code beside the source, or in the user's cache folder; where it can write in
neither, importing a cached kernel fails. Containers with a read-only package and no home are like
that.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def find_numba_cache() -> None:
    """Set ``NUMBA_CACHE_DIR`` if Numba, not yet imported, would find no folder to write."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    if can_keep_kernels():
        return
    with contextlib.suppress(OSError):
        os.environ["NUMBA_CACHE_DIR"] = str(_private_folder())


def can_keep_kernels() -> bool:
    """Whether Numba finds a folder to write compiled kernels to."""
    return compiled_folder() is not None


def compiled_folder() -> Path | None:
    """The folder, or one of those, where compiled kernels are kept; None where none can be."""
    if "NUMBA_CACHE_DIR" in os.environ:
        folders = [Path(os.environ["NUMBA_CACHE_DIR"])]
    else:
        folders = [Path(__file__).parent / "search" / "__pycache__", _user_cache() / "numba"]
    return next(filter(_could_write, folders), None)


def import_numba() -> None:
    """Import Numba without SciPy and YAML, which it takes along where they are installed.

    The one serves linear algebra inside kernels, the other a file of Numba's settings; a process
    that wants neither saves a third of a second. For processes of our own only.
    """
    unwanted = [name for name in ("scipy", "yaml") if name not in sys.modules]
    for name in unwanted:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        for name in unwanted:
            del sys.modules[name]


def kernels_compiled() -> bool:
    """Whether compiled kernels lie in one of the folders where Numba would look."""
    package = Path(__file__).parent
    if "NUMBA_CACHE_DIR" in os.environ:
        return any(Path(os.environ["NUMBA_CACHE_DIR"]).glob("**/*.nbi"))
    return any((package / "search" / "__pycache__").glob("*.nbi")) or any(
        (_user_cache() / "numba").glob("search_*/*.nbi")
    )


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))


def _could_write(folder: Path) -> bool:
    """Whether files can be made in a folder, which is made when it is missing."""
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _private_folder() -> Path:
    """A folder of this user alone: whoever could write there could run code in this process."""
    import tempfile

    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"edaroute-kernels-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != user or status.st_mode & 0o022:
        return Path(tempfile.mkdtemp(prefix="edaroute-kernels-"))
    return folder
