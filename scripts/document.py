"""Write docs/cli.md, the reference of the command line, from the commands themselves.

python scripts/document.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
from common import DOCS, paragraph, parser_of, write

from eda_router.cli import COMMANDS, cli


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--out", type=Path, default=DOCS, help="folder to write")
    path = parser.parse_args().out / "cli.md"
    write(path, reference())
    print(f"written {path}")
    return 0


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
