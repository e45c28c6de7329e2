"""Options that commands share, and options made from settings classes."""

from __future__ import annotations

import dataclasses
import errno
import functools
import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from eda_router.config import RouteConfig, SettingInfo, Settings, describe, load_config, shown
from eda_router.errors import InputError
from eda_router.formats.lefdef_config import LefDefConfig
from eda_router.resources import design_names, find_design

if TYPE_CHECKING:
    from eda_router.design import Design
    from eda_router.formats import Format

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S", bound=Settings)


class PathType(click.Path):
    """A file or a folder; one that cannot be used is refused in a line that begins with its name.

    Args:
        folder: whether it is a folder, if it exists.
        exists: whether it has to.
    """

    def __init__(self, *, folder: bool = False, exists: bool = False):
        super().__init__(path_type=Path, file_okay=not folder, exists=exists)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """The path of an argument.

        Raises:
            InputError: it cannot be read, is missing or is no folder.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            path = Path(os.fsdecode(value))
            number = errno.EACCES
            if not path.exists():
                number = errno.ENOENT
            elif not self.file_okay and not path.is_dir():
                number = errno.ENOTDIR
            problem = f"cannot be read: {os.strerror(number)}"
            raise InputError(path, None, problem) from error


class _DesignType(PathType):
    """A design file, or the name of a bundled design; both complete."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete names of bundled designs, and files."""
        names = [CompletionItem(name) for name in design_names() if name.startswith(incomplete)]
        return names + super().shell_complete(ctx, param, incomplete)


bench_argument = click.argument("bench", type=_DesignType())


def path_option(*names: str, help: str, folder: bool = False, **more: Any) -> Callable[[F], F]:
    """A decorator that gives a command an option whose value is a file or a folder."""
    kind = PathType(folder=folder, exists=more.pop("exists", False))
    metavar = more.pop("metavar", "FOLDER" if folder else "FILE")
    return click.option(*names, type=kind, metavar=metavar, help=help, **more)


def output_option(help: str, **more: Any) -> Callable[[F], F]:
    """A decorator that gives a command its file to write."""
    return path_option("-o", "--output", help=help, **more)


def folder_option(default: str, help: str) -> Callable[[F], F]:
    """A decorator that gives a command its folder to write."""
    names = ("-o", "--folder", "folder")
    return path_option(*names, folder=True, default=Path(default), show_default=True, help=help)


def data_option(help: str) -> Callable[[F], F]:
    """A decorator that gives a command its folder of samples."""
    return path_option("--data", folder=True, help=help)


def bench_option(help: str) -> Callable[[F], F]:
    """A decorator that gives a command a design that it can do without."""
    return path_option("--bench", metavar="DESIGN", help=help)


def smoke_option(help: str) -> Callable[[F], F]:
    """A decorator that gives a command a tiny budget."""
    return click.option("--smoke", is_flag=True, help=help)


route_argument = click.argument("route", type=PathType())
json_option = path_option(
    "--json",
    "json_path",
    help="Write everything known about the result as JSON; - for standard output.",
)
config_option = path_option(
    "--config",
    "config_path",
    help="YAML file with options; those on the command line go before it.",
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Print more.")


class FiniteRange(click.FloatRange):
    """A number within bounds that is neither infinite nor none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number and check it."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no finite number", param, ctx)
        return number


class _ManyType(click.ParamType):  # type: ignore[type-arg]
    """A list with commas."""

    name = "list"

    def __init__(self, kind: type):
        self.kind = kind

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        """Split at commas and convert each part."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(self.kind(part) for part in value.split(",") if part)
        except ValueError:
            self.fail(f"{value!r} is no list such as 8,16,32", param, ctx)


def click_options(cls: type[Settings]) -> Callable[[F], F]:
    """A decorator that gives a command an option for each field of a settings class that has one.

    Each arrives as a keyword argument named like the field, None where it was not given. Build
    the settings with :func:`settings_from`, which also checks the ranges.
    """

    def decorate(function: F) -> F:
        for info in reversed(describe(cls)):
            if info.option:
                function = _option(info)(function)
        return function

    return decorate


def settings_options(cls: type[Settings]) -> Callable[[F], F]:
    """``--config``, ``--quiet`` and an option for each setting, see :func:`click_options`."""

    def decorate(function: F) -> F:
        return config_option(quiet_option(click_options(cls)(function)))

    return decorate


_REPEATABLE = " Repeatable."


def _option(info: SettingInfo) -> Callable[[F], F]:
    name = info.name.replace("_", "-")
    unit = f" In {info.unit}." if info.unit else ""
    default = "" if info.default in (None, ()) else f"  [default: {shown(info.default)}]"
    help = info.help + unit + default
    if info.kind is bool:
        return click.option(f"--{name}/--no-{name}", info.name, default=None, help=help)
    if info.many and info.kind is str and not info.choices:
        # A text may hold commas, so that each is an option of its own.
        return click.option(
            f"--{name}", info.name, multiple=True, callback=_none_if_empty, help=help + _REPEATABLE
        )
    kind: Any = info.kind
    if info.many:
        kind = _ManyType(info.kind)
    elif info.choices:
        kind = click.Choice(info.choices)
    return click.option(f"--{name}", info.name, type=kind, default=None, help=help)


def _none_if_empty(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    return values or None


def settings_from(cls: type[S], config_path: Path | None, options: Mapping[str, Any]) -> S:
    """Settings from a YAML file and the options given, which go before it.

    Raises:
        InputError: as for :func:`eda_router.config.load_config`.
    """
    given = {name: value for name, value in options.items() if value is not None}
    return load_config(cls, config_path, given)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RouteSettings(LefDefConfig, RouteConfig):
    """All that a YAML file for routing may hold: how to route, and how the grid is made."""


def part_of(settings: Settings, cls: type[S]) -> S:
    """The settings of a class from those of one derived from it."""
    return cls(**{info.name: getattr(settings, info.name) for info in describe(cls)})


@dataclasses.dataclass(frozen=True)
class DesignSource:
    """Where a design stands, and how its grid is made.

    Attributes:
        bench: the design's file, or its bundled name.
        lef: LEF files of a DEF design; empty for other formats and bundled designs.
        settings: layers and adjustments of a DEF design.
        config_path: the YAML file from which settings came, or None.
    """

    bench: Path
    lef: tuple[Path, ...] = ()
    settings: LefDefConfig = dataclasses.field(default_factory=LefDefConfig)
    config_path: Path | None = None

    @property
    def place(self) -> Path:
        """The file of the design.

        Raises:
            InputError: the name looks like a bundled design's and is none.
        """
        return find_design(self.bench)

    @property
    def files(self) -> tuple[Path | None, ...]:
        """The files that are read, which no output may overwrite."""
        return self.place, *self.lef, self.config_path

    @property
    def format(self) -> Format:
        """The format of the design; of a pipe, to be asked before it is read.

        Raises:
            InputError: it cannot be read, or is in no format known.
        """
        from eda_router.formats import format_of

        return format_of(self.place)

    @property
    def extra(self) -> dict[str, Any]:
        """What :func:`eda_router.formats.read` is given beside the file."""
        extra: dict[str, Any] = {}
        if self.lef:
            extra["lef"] = self.lef
        if self.settings != LefDefConfig():
            extra["config"] = self.settings
        return extra

    def read(self, *outputs: Path | None, inputs: Iterable[Path | None] = ()) -> Design:
        """Read the design once the outputs are known to be writable.

        Args:
            outputs: files to write; None where there is none.
            inputs: further files that are read, which no output may overwrite.

        Raises:
            InputError: an output cannot be written, is one of the inputs, or the design is
                unreadable.
        """
        from eda_router import formats
        from eda_router.files import check_outputs

        check_outputs(*outputs, inputs=(*self.files, *inputs))
        return formats.read(self.bench, **self.extra)


lef_option = path_option(
    "--lef", multiple=True, help="LEF file of a DEF design, technology first." + _REPEATABLE
)


def designs_option(help: str) -> Callable[[F], F]:
    """A decorator that gives a command designs as ``given``, for ``find_designs``."""
    more = " NAME=PATH gives it another name than its file's." + _REPEATABLE
    kind = _DesignType()
    return click.option(
        "--design", "given", multiple=True, type=kind, metavar="DESIGN", help=help + more
    )


def workers_options(help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that gives a command ``--jobs`` and ``--cluster`` as ``workers``.

    That is :class:`~eda_router.jobs.Workers`, or None where neither is given.
    """
    from eda_router.jobs import Workers

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(*args: Any, jobs: int, cluster: str | None, **options: Any) -> Any:
            if cluster is not None:
                from eda_router.cluster import check_cluster

                check_cluster(cluster)
            workers = None if jobs == 1 and cluster is None else Workers(jobs, cluster)
            return function(*args, workers=workers, **options)

        kind = click.IntRange(1, 1024)
        jobs = click.option("--jobs", type=kind, default=1, show_default=True, help=help)
        cluster = click.option(
            "--cluster",
            metavar="ADDRESS",
            help="Workers of the Dask scheduler at this address instead; local: as many as --jobs,"
            " with a scheduler of their own. See docs/cluster.md.",
        )
        return jobs(cluster(command))

    return decorate


designs_argument = click.argument(
    "given", metavar="DESIGN...", nargs=-1, required=True, type=_DesignType()
)


def design_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that gives a command a design to read, as the argument ``source``.

    That is BENCH, ``--lef``, ``--config`` and an option for each setting of :class:`LefDefConfig`,
    which together make a :class:`DesignSource`. The YAML file may be that of ``edaroute route``.
    The command needs a line in ``SETTINGS`` of :mod:`eda_router.cli.config`.
    """

    @functools.wraps(function)
    def command(
        *args: Any, bench: Path, lef: tuple[Path, ...], config_path: Path | None, **options: Any
    ) -> Any:
        given = {info.name: options.pop(info.name) for info in describe(LefDefConfig)}
        settings = settings_from(RouteSettings, config_path, given)
        source = DesignSource(bench, lef, part_of(settings, LefDefConfig), config_path)
        return function(*args, source=source, **options)

    return bench_argument(lef_option(config_option(click_options(LefDefConfig)(command))))


def read_design(bench: Path, *outputs: Path | None, inputs: Iterable[Path | None] = ()) -> Design:
    """Read a design that needs no other files; see :meth:`DesignSource.read`."""
    return DesignSource(bench).read(*outputs, inputs=inputs)


def write_json(path: Path, data: Any) -> None:
    """Write ``data`` as indented JSON to a file, or to standard output for ``-``.

    Raises:
        InputError: the file cannot be written.
    """
    from eda_router.files import write_text
    from eda_router.strict_json import dumps

    write_text(path, dumps(data, indent=2) + "\n")


def show_values(values: Any, lines: Iterable[str], json_path: Path | None) -> None:
    """Write ``values`` as JSON where that is wanted, and print ``lines`` unless it is printed."""
    from eda_router.files import is_stdout

    if json_path is not None:
        write_json(json_path, values)
    if not is_stdout(json_path):
        for line in lines:
            click.echo(line)
