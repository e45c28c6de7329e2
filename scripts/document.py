"""Write docs/cli.md and docs/api.md, the references of the command line and of the library.

python scripts/document.py
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import click
from common import DOCS, paragraph, parser_of, write

import eda_router
from eda_router import dataset
from eda_router.cli import COMMANDS, cli


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--out", type=Path, default=DOCS, help="folder to write")
    folder = parser.parse_args().out
    for name, text in (("cli.md", reference()), ("api.md", library())):
        write(folder / name, text)
        print(f"written {folder / name}")
    return 0


def library() -> str:
    """The names of the library by what they are for: a list to read, then what Sphinx reads."""
    parts = [
        "# The library\n",
        "Written by `make docs` from the docstrings.\n",
        paragraph(
            "`import eda_router` loads nothing; each name is imported when it is first used. What "
            "a user can get wrong raises `InputError`, `TypeError` or `ValueError` with what was "
            "expected. [The tour](tour.md) shows the names at work. This page lists them; the "
            "pages that `make docs` makes of it hold shapes, units, errors and an example for "
            "each, as `help(eda_router.route)` does."
        ),
    ]
    for task, homes in eda_router._TASKS.items():
        names = {name: getattr(eda_router, name) for name in homes if name != "dataset"}
        if len(names) < len(homes):
            names |= {f"dataset.{name}": getattr(dataset, name) for name in dataset.__all__}
        parts.append(f"## {task}\n")
        parts.append("| name | |\n|---|---|")
        parts += [f"| `{name}` | {cell(first_line(value))} |" for name, value in names.items()]
        parts.append("\n```{eval-rst}")
        parts += [f".. {directive(value)}:: eda_router.{name}" for name, value in names.items()]
        parts.append("```\n")
    return "\n".join(parts)


def first_line(value: object) -> str:
    """What a public value is, in a sentence, as Markdown."""
    text = inspect.getdoc(value if callable(value) else type(value)) or ""
    return re.sub(r":\w+:`~?([\w.]+)`|``(.+?)``", r"`\1\2`", text.partition("\n\n")[0])


def directive(value: object) -> str:
    """How Sphinx documents a public value."""
    if inspect.isclass(value):
        return "autoclass"
    return "autofunction" if inspect.isfunction(value) else "autodata"


def reference() -> str:
    """The whole reference as Markdown."""
    parts = [
        "# The command line\n",
        "Written by `make docs` from the commands themselves.\n",
        paragraph(
            "Exit status of every command: 0 done; 1 done with a flaw that the command names; 2 "
            "bad input or usage; 130 interrupted (Ctrl-C); 143 terminated (SIGTERM). An error is "
            "one line, `file:line: problem, expected ...`, on standard error. Where a command "
            "loads TensorFlow (`train`, `evaluate`, `study`, `route --engine keras`), TensorFlow "
            "writes lines of its own there."
        ),
        paragraph(
            "Commands with `--config` also take settings from a YAML file; "
            "`edaroute config COMMAND` prints one that holds every setting such a file may have. "
            "Arguments, other paths and switches of the run itself (`-o`, `--json`, `-q`, `-v` "
            "and their like) stand on the command line only."
        ),
    ]
    context = click.Context(cli, info_name="edaroute")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        parts.append(section(command, click.Context(command, info_name=name, parent=context)))
    return "\n".join(parts)


def section(command: click.Command, context: click.Context) -> str:
    """One command: usage, what it does, and a table of its options."""
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## edaroute {command.name}\n", f"    edaroute {command.name} {usage}\n"]
    lines.append(prose(command.help or ""))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            lines.append(f"- `{name}`: {inner.get_short_help_str(200)}\n")
    rows = [
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        and (record := parameter.get_help_record(context)) is not None
    ]
    lines += ["| Option | Meaning |", "|---|---|"]
    for option, meaning in rows:
        lines.append(f"| `{option.replace('|', chr(92) + '|')}` | {cell(meaning)} |")
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def prose(help_text: str) -> str:
    """A command's help as Markdown; what stands behind a form feed mark is kept as it is."""
    blocks = []
    for block in help_text.split("\n\n"):
        lines = [line.strip() for line in block.strip().splitlines()]
        if lines and lines[0] == "\b":
            caption, *rest = lines[1:]
            blocks.append(caption + "\n\n" + "\n".join("    " + line for line in rest))
        else:
            blocks.append(paragraph(" ".join(lines)).rstrip())
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    sys.exit(main())
