"""Settings as frozen dataclasses, checked once and described once.

A settings class derives from :class:`Settings` and declares each field with :func:`setting`. From
the field's type and metadata come the checks, the command-line options and the YAML template, so
that nothing is said twice. Field types are ``bool``, ``int``,
``float``, ``str``, a ``Literal`` of strings, any of these ``| None``, and ``tuple[..., ...]`` of
one of them.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import numbers
import os
import reprlib
import types
import typing
from collections.abc import Hashable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, get_args, get_origin

from eda_router.errors import InputError

T = TypeVar("T")
S = TypeVar("S", bound="Settings")


@dataclasses.dataclass(frozen=True)
class SettingInfo:
    """What is known about one field of a settings class.

    Attributes:
        name: of the field; the option is ``--name`` with dashes.
        kind: ``bool``, ``int``, ``float`` or ``str``.
        optional: whether None is a value.
        many: whether the value is a tuple of ``kind``.
        default: the field's default.
        help: one line for the user.
        unit: of the value; may be empty.
        low: smallest value allowed, or None.
        high: largest value allowed, or None.
        choices: the values allowed; empty when any is.
        option: whether the command line has an option for it, beside YAML and Python.
        later: whether what was kept before there was the field counts as made with its default, see
            :func:`identity`.
    """

    name: str
    kind: type
    optional: bool
    many: bool
    default: Any
    help: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    option: bool
    later: bool

    @property
    def expected(self) -> str:
        """The values allowed, in words."""
        if self.choices:
            text = "one of " + ", ".join(self.choices)
        else:
            text = {
                bool: "true or false",
                int: "a whole number",
                float: "a number",
                str: "a text",
            }[self.kind]
            if self.many:
                text = "a list, each " + text
            if self.low is not None and self.high is not None:
                text += f" from {_plain(self.low)} to {_plain(self.high)}"
            elif self.low is not None:
                text += f" of {_plain(self.low)} or more"
            elif self.high is not None:
                text += f" of {_plain(self.high)} or less"
        return text + (" or null" if self.optional else "")

    def coerce(self, value: Any) -> Any:
        """``value`` as the field holds it.

        Raises:
            ValueError: it is of another type or out of range.
        """
        if value is None:
            if self.optional:
                return None
            raise ValueError
        if self.many:
            if not isinstance(value, (list, tuple)):
                raise ValueError
            return tuple(self._coerce_one(item) for item in value)
        return self._coerce_one(value)

    def _coerce_one(self, value: Any) -> Any:
        if self.kind is str and isinstance(value, os.PathLike):
            value = os.fspath(value)
        elif self.kind is int and isinstance(value, numbers.Integral):
            # NumPy's whole numbers are meant too.
            value = value if isinstance(value, bool) else int(value)
        if self.kind is float:
            # YAML reads 1e-3 (no dot) as a text.
            if isinstance(value, bool) or not isinstance(value, (numbers.Real, str)):
                raise ValueError
            try:
                value = float(value)
            except OverflowError:
                raise ValueError from None
            if not math.isfinite(value):
                raise ValueError
        elif not isinstance(value, self.kind) or (
            isinstance(value, bool) and self.kind is not bool
        ):
            raise ValueError
        if self.choices and value not in self.choices:
            raise ValueError
        if (self.low is not None and value < self.low) or (
            self.high is not None and value > self.high
        ):
            raise ValueError
        return value


def setting(
    default: T,
    help: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    option: bool = True,
    later: bool = False,
) -> T:
    """Declare a field of a :class:`Settings` class; see :class:`SettingInfo` for the arguments."""
    metadata = {
        "help": help,
        "unit": unit,
        "low": low,
        "high": high,
        "option": option,
        "later": later,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of all settings classes: checks every value when it is built.

    Raises:
        TypeError: there is no setting of that name; the message suggests the one that was meant.
        InputError: a value is of the wrong type or out of range.
    """

    def __new__(cls, *args: Any, **values: Any) -> Self:
        """Refuse unknown names with a suggestion before the fields are set."""
        names = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in names:
                raise TypeError(f"{cls.__name__} has no setting {name!r}{suggestion(name, names)}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for info in describe(type(self)):
            value = getattr(self, info.name)
            try:
                object.__setattr__(self, info.name, info.coerce(value))
            except ValueError:
                raise InputError(
                    None, None, f"option {info.name}: {_quoted(value)}", info.expected
                ) from None


def describe(cls: type[Settings]) -> tuple[SettingInfo, ...]:
    """The fields of a settings class, in order."""
    # mypy takes the __hash__ of instances for that of the class.
    return _describe(cls)  # type: ignore[arg-type]


@cache
def _describe(cls: type) -> tuple[SettingInfo, ...]:
    hints = typing.get_type_hints(cls)
    infos = []
    for field in dataclasses.fields(cls):
        hint, optional, many = hints[field.name], False, False
        if get_origin(hint) in (types.UnionType, typing.Union):
            optional = type(None) in get_args(hint)
            (hint,) = (arg for arg in get_args(hint) if arg is not type(None))
        if get_origin(hint) is tuple:
            hint, many = get_args(hint)[0], True
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        infos.append(
            SettingInfo(
                name=field.name,
                kind=str if choices else hint,
                optional=optional,
                many=many,
                default=field.default,
                help=field.metadata["help"],
                unit=field.metadata["unit"],
                low=field.metadata["low"],
                high=field.metadata["high"],
                choices=choices,
                option=field.metadata["option"],
                later=field.metadata["later"],
            )
        )
    return tuple(infos)


def identity(settings: Settings) -> dict[str, Any]:
    """The values by which results of these settings are told from those of others.

    All fields but those that came *later* (:class:`SettingInfo`) and are at their defaults: so what
    was made, and is kept under a digest, before there was a field is found again. The default of
    such a field has to stay what the program did without it.
    """
    return {
        info.name: getattr(settings, info.name)
        for info in describe(type(settings))
        if not info.later or getattr(settings, info.name) != info.default
    }


def load_config(
    cls: type[S], path: str | Path | None = None, overrides: Mapping[str, Any] | None = None
) -> S:
    """Build settings from a YAML file and from values that go before it.

    Args:
        cls: the settings class.
        path: a YAML mapping of field names to values, or None.
        overrides: values that replace the file's, for example from the command line.

    Returns:
        Settings, checked.

    Raises:
        InputError: the file cannot be read, is no YAML mapping, names an unknown or repeated field
            or holds a value of the wrong type or range; path and line are given.

    Example:
        >>> import eda_router
        >>> _ = open("mine.yaml", "w").write("router: maze")
        >>> config = eda_router.load_config(eda_router.RouteConfig, "mine.yaml", {"seed": 7})
        >>> config.router, config.effort, config.seed
        ('maze', 'medium', 7)
    """
    values = {} if path is None else _load_yaml(cls, path)
    values.update(overrides or {})
    return cls(**values)


def _load_yaml(cls: type[Settings], path: str | Path) -> dict[str, Any]:
    import yaml

    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, None, "not a text file", "YAML in UTF-8") from error
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return {}
        if not isinstance(root, yaml.MappingNode):
            raise InputError(path, root.start_mark.line + 1, "no mapping", "lines 'option: value'")
        pairs = [
            (
                loader.construct_object(key, deep=True),  # type: ignore[no-untyped-call]
                loader.construct_object(value, deep=True),  # type: ignore[no-untyped-call]
                key.start_mark.line + 1,
            )
            for key, value in root.value
        ]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: dates and numbers that are none; RecursionError: brackets without end.
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = None if mark is None else mark.line + 1
        raise InputError(path, line, f"not YAML: {problem}") from error
    finally:
        if loader is not None:
            loader.dispose()  # type: ignore[no-untyped-call]

    infos = {info.name: info for info in describe(cls)}
    values: dict[str, Any] = {}
    for key, value, line in pairs:
        name = key.replace("-", "_") if isinstance(key, str) else key
        if not isinstance(name, Hashable) or name not in infos:
            meant = suggestion(name, infos) if isinstance(name, str) else ""
            raise InputError(
                path,
                line,
                f"unknown option {_quoted(key)}{meant}",
                "one of " + ", ".join(infos),
            )
        if name in values:
            raise InputError(path, line, f"option {name} appears twice", "it once")
        try:
            values[name] = infos[name].coerce(value)
        except ValueError:
            raise InputError(
                path, line, f"option {name}: {_quoted(value)}", infos[name].expected
            ) from None
    return values


def suggestion(name: str, names: Iterable[str]) -> str:
    """ " (did you mean X?)" when one of ``names`` is close to ``name``, else nothing."""
    close = difflib.get_close_matches(name, names, 1, 0.5)
    return f" (did you mean {close[0]}?)" if close else ""


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _quoted(value: Any) -> str:
    """A value in at most 60 characters, without writing out all of it: aliases of aliases in a
    small file can stand for more than fits in memory."""
    try:
        text = _SHORT.repr(value)
    except ValueError:  # Python writes out no whole number of thousands of digits
        text = "a huge number"
    return text if len(text) <= 60 else text[:57] + "..."


_SHORT = reprlib.Repr()
_SHORT.maxlevel = 3
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 100


def shown(value: Any) -> str:
    """A value as YAML writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    return str(value)


def yaml_template(cls: type[Settings]) -> str:
    """A YAML file with every option at its default, each explained.

    Args:
        cls: a settings class, such as :class:`RouteConfig`.

    Returns:
        Text that :func:`load_config` reads.

    Example:
        >>> import eda_router
        >>> print(eda_router.yaml_template(eda_router.RouteConfig).splitlines()[1])
        router: neural
    """
    lines = []
    for info in describe(cls):
        unit = f", in {info.unit}" if info.unit else ""
        lines += [f"# {info.help} ({info.expected}{unit})"]
        lines += [f"{info.name}: {shown(info.default)}", ""]
    return "\n".join(lines)


MOST_EXACT_PINS = 8
"""Pins of the largest net that gets an exact tree: each further one takes three times as long."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RouteConfig(Settings):
    """How a design is routed.

    Raises:
        TypeError: there is no setting of that name.
        InputError: a value is of another type or out of range.

    Example:
        >>> import eda_router
        >>> eda_router.RouteConfig(router="maze", effort="high", time_limit=60).seed
        1
        >>> eda_router.RouteConfig(efort="high")
        Traceback (most recent call last):
        TypeError: RouteConfig has no setting 'efort' (did you mean effort?)
    """

    router: Literal["neural", "maze"] = setting(
        "neural", "Who draws the nets first: the neural router, or the maze router alone."
    )
    effort: Literal["low", "medium", "high", "max"] = setting(
        "medium",
        "Trade between time and wirelength; max takes what high leaves and shortens it with the "
        "prices of tracks until that gains too little, which takes minutes, and proves how far "
        "from optimal it is. --config can set each figure of a level alone, as "
        "`edaroute config route` shows.",
    )
    seed: int = setting(1, "Seed of every random choice.", low=0, high=2**31 - 1)
    iterations: int | None = setting(
        None, "Most rounds of negotiation; null: as many as the effort allows.", low=0
    )
    time_limit: float | None = setting(
        None,
        "Wall-clock time after which the best state so far is kept; null: none.",
        unit="seconds",
        low=0,
    )
    allow_overflow: bool = setting(
        False,
        "Keep wires above capacity when negotiation ends; otherwise such nets stay unrouted.",
    )
    threads: int = setting(
        1,
        "Threads that run the model and draw nets together, up to eight; the wires are the same "
        "for any number.",
        low=1,
        high=128,
    )
    model: str | None = setting(
        None, "Folder or file with the model's weights; null: the bundled ones."
    )
    window: int | None = setting(
        None,
        "One window size for all nets that it holds; null: each net takes the smallest that holds "
        "it.",
        unit="tiles",
        low=8,
        high=1024,
    )
    largest_window: int | None = setting(
        8,
        "Largest window of the pyramid, wider nets are drawn on a coarser grid; null: as large as "
        "the model was trained for, which takes many times as long for wires that end no shorter. "
        "Beyond that window, its outermost ring draws wider nets as fine as the grid.",
        unit="tiles",
        low=8,
        high=1024,
    )
    coarsest: int | None = setting(
        None,
        "Most tiles of the grid along one tile of a coarser one; nets that are wider still are "
        "the fallback's. null: 2, or as many as they need where there is no fallback.",
        unit="tiles",
        low=1,
        high=1024,
    )
    wave: int | None = setting(
        None,
        "Nets drawn in one batch, all seeing the same ledger; null: chosen by the router.",
        low=1,
    )
    redraws: int = setting(
        8,
        "Most times a net whose drawing does not join its pins is drawn again, by what the drawing "
        "before tells.",
        low=0,
        high=64,
    )
    samples: int = setting(
        8, "Drawings sampled for a net whose first drawing does not fit; 0: none.", low=0, high=1024
    )
    expected_demand: float = setting(
        0.2,
        "Share of the expected demand (RUDY) of nets still to come that the model is shown as "
        "used.",
        low=0,
        high=1,
    )
    fallback: Literal["maze", "none"] = setting(
        "maze", "Who routes what the model cannot: the maze router, or no one."
    )
    control: bool = setting(
        False,
        "Also take trees from blank drawings of the same windows, and tell what both cost.",
    )
    explain: str | None = setting(None, "Name of a net whose whole story the summary tells.")
    negotiate: bool = setting(True, "Rip up and reroute until no edge overflows.")
    refine: bool = setting(True, "Shorten wires once overflow is gone, or falls no more.")
    engine: Literal["auto", "keras", "openvino", "blank"] = setting(
        "auto",
        "What runs the model; auto: OpenVINO where it is installed, else Keras; blank: a control "
        "that draws every tile.",
    )
    views: int = setting(
        1,
        "Symmetric views of each window that the model draws and whose mean counts, each at the "
        "time of a drawing; 8: all turns and mirrorings.",
        low=1,
        high=8,
        later=True,
    )
    precision: Literal["auto", "float32", "bfloat16", "int8"] = setting(
        "auto",
        "What OpenVINO computes in; auto: int8 where the model has it, else bfloat16 where the "
        "processor has it, else float32, which takes up to three times as long.",
    )
    congestion_weight: float | None = setting(
        None,
        "Height of the logistic step in an edge's cost where its tracks run out, null: as the "
        "effort says. Gentle costs keep wires short and take more rounds.",
        unit="tile edges",
        low=0,
        high=10,
        option=False,
    )
    history_step: float | None = setting(
        None,
        "What the first round of negotiation adds to the history of an overflowed edge, by which "
        "its cost is multiplied; null: as the effort says.",
        low=0,
        high=250,
        option=False,
    )
    history_growth: float | None = setting(
        None,
        "Factor from round to round on that step; null: as the effort says.",
        low=1,
        high=10,
        option=False,
    )
    history_limit: float | None = setting(
        None, "Largest such step; null: as the effort says.", low=0, high=250, option=False
    )
    patience: int | None = setting(
        None,
        "Rounds without a new least overflow after which negotiation gives up; null: as the effort "
        "says.",
        low=0,
        option=False,
    )
    rounds_per_margin: int | None = setting(
        None,
        "Rounds after which the boxes in which negotiation searches grow by a tile; null: as the "
        "effort says.",
        low=1,
        option=False,
    )
    exact_pins: int | None = setting(
        None,
        "Nets up to this many pins get trees of least cost in the first pass; null: as the effort "
        "says.",
        low=2,
        high=MOST_EXACT_PINS,
        option=False,
    )
    improvements: int | None = setting(
        None,
        "Most passes over the branches of larger trees in the first pass; null: as the effort "
        "says.",
        low=0,
        option=False,
    )
    refinements: int | None = setting(
        None, "Most passes of refinement; null: as the effort says.", low=0, option=False
    )
    refine_exact_pins: int | None = setting(
        None,
        "As exact_pins, in refinement; null: as the effort says.",
        low=2,
        high=MOST_EXACT_PINS,
        option=False,
    )
    box_nodes: int | None = setting(
        None,
        "Nodes of the box in which two pins are joined, halved for every further pin; of larger "
        "boxes only some lines are kept; null: as the effort says.",
        low=64,
        high=65536,
        option=False,
    )

    @property
    def finishes(self) -> bool:
        """Whether a run is to end with every net routed, rather than show some stage alone."""
        return self.negotiate and (self.router == "maze" or self.fallback == "maze")
