"""Options that commands share, and options made from settings classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from eda_router.config import SettingInfo, Settings, describe, load_config, shown
from eda_router.errors import InputError
from eda_router.resources import design_names

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S", bound=Settings)


class _DesignType(click.Path):
    """A design file, or the name of a bundled design; both complete."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete names of bundled designs, and files."""
        names = [CompletionItem(name) for name in design_names() if name.startswith(incomplete)]
        return names + super().shell_complete(ctx, param, incomplete)


bench_argument = click.argument("bench", type=_DesignType(path_type=Path))
json_option = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write everything known about the result as JSON; - for standard output.",
)
config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="YAML file with options; those on the command line go before it.",
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Print more.")


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


def _option(info: SettingInfo) -> Callable[[F], F]:
    name = info.name.replace("_", "-")
    unit = f" In {info.unit}." if info.unit else ""
    default = "" if info.default is None else f"  [default: {shown(info.default)}]"
    help = info.help + unit + default
    if info.kind is bool:
        return click.option(f"--{name}/--no-{name}", info.name, default=None, help=help)
    kind: Any = info.kind
    if info.many:
        kind = _ManyType(info.kind)
    elif info.choices:
        kind = click.Choice(info.choices)
    return click.option(f"--{name}", info.name, type=kind, default=None, help=help)


def settings_from(cls: type[S], config_path: Path | None, options: Mapping[str, Any]) -> S:
    """Settings from a YAML file and the options given, which go before it.

    Raises:
        InputError: as for :func:`eda_router.config.load_config`.
    """
    given = {name: value for name, value in options.items() if value is not None}
    return load_config(cls, config_path, given)


def write_json(path: Path, data: Any) -> None:
    """Write ``data`` as indented JSON to a file, or to standard output for ``-``.

    Raises:
        InputError: the file cannot be written.
    """
    text = json.dumps(data, indent=2) + "\n"
    if str(path) == "-":
        click.echo(text, nl=False)
    else:
        from eda_router.files import write_atomically

        write_atomically(path, text.encode())


def refuse_same_file(*paths: Path | None) -> None:
    """Make sure that no two of the files of a run are one.

    Raises:
        InputError: two of them are.
    """
    seen: dict[Path, Path] = {}
    for path in paths:
        if path is None or str(path) == "-":
            continue
        place = path.resolve()
        if place in seen and place.is_file():
            raise InputError(path, None, f"is {seen[place]} too", "different files")
        seen[place] = path
