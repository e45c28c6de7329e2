"""Write docs/cli.md, the reference of the command line, from the commands themselves."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from eda_router.cli import COMMANDS, cli
from eda_router.files import write_text

TARGET = Path(__file__).resolve().parent.parent / "docs" / "cli.md"


def main() -> int:
    TARGET.parent.mkdir(exist_ok=True)
    write_text(TARGET, reference())
    print(f"written {TARGET}")
    return 0


def reference() -> str:
    """The whole reference as Markdown."""
    parts = [
        "# The command line\n",
        "Written by `make docs` from the commands themselves.\n",
        "Exit status of every command: 0 done, 1 done with a flaw that the command names, 2 bad "
        "input or usage, 130 interrupted. Errors are one line, `file:line: problem, expected ...`, "
        "on standard error.\n",
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
            blocks.append(" ".join(lines))
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    sys.exit(main())
