"""The errors a user can cause, each one clear line."""

from __future__ import annotations

from pathlib import Path


class EdarouteError(Exception):
    """Base of every error that edaroute raises on purpose; its text is one line.

    Example:
        >>> import eda_router
        >>> try:
        ...     eda_router.route_layered(eda_router.read("synth-tiny"))
        ... except eda_router.EdarouteError as error:
        ...     print(error)
        design synth-tiny has no layers
    """


class InputError(EdarouteError):
    """A file or an option that cannot be used as it is.

    Args:
        path: the file, or None when the fault is in an option.
        line: 1-based line number, or None when the fault is the file as a whole.
        problem: what is wrong.
        expected: what was expected instead; may be empty.

    Example:
        >>> import eda_router
        >>> try:
        ...     eda_router.read("missing.modified")
        ... except eda_router.InputError as error:
        ...     print(error.path, error.line, error.problem)
        missing.modified None cannot be read: No such file or directory
    """

    def __init__(self, path: str | Path | None, line: int | None, problem: str, expected: str = ""):
        self.path = None if path is None else str(path)
        self.line = line
        self.problem = problem
        self.expected = expected
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(where + problem + (f", expected {expected}" if expected else ""))

    def __reduce__(self) -> tuple[type[InputError], tuple[str | None, int | None, str, str]]:
        """How a worker process hands the error over."""
        return type(self), (self.path, self.line, self.problem, self.expected)


class CapacityError(EdarouteError):
    """A commit that the ledger refused because an edge has no free track left."""


def expect_type(name: str, value: object, kind: type | tuple[type, ...]) -> None:
    """Refuse an argument of another type than ``kind``.

    Raises:
        TypeError: with the argument's name, what was given and what was expected.
    """
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = " or ".join(k.__name__ for k in kinds)
        raise TypeError(f"{name}: {type(value).__name__}, expected {expected}")


def reason(error: OSError | ValueError) -> str:
    """What went wrong with a file, in the words of the operating system where it has some."""
    return getattr(error, "strerror", None) or str(error)
