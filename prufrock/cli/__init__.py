"""The command line. Each command is a file; what it needs is imported when it runs, so that --help answers at once."""

from __future__ import annotations

import importlib
from typing import Any

import click

COMMANDS = {
    "check": "Judge subjects by the laws of their contracts.",
    "laws": "List the laws.",
    "subjects": "List the subjects, and which of them can be judged here.",
    "known": "List the violations on record, by library.",
    "explain": "Say what a law states, where it comes from, and what it has caught.",
    "replay": "Judge one stored counterexample again, or print it as a script.",
    "power": "Print the kill matrix of a contract: which laws reject which mutants.",
    "bench": "Measure speed beside the peers, or against another commit.",
}


class Lazy(click.Group):
    """A group whose commands are modules of this package, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        found: Any = importlib.import_module(f"prufrock.cli.{name}").command
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="prufrock", message="prufrock %(version)s")
def main() -> None:
    """The laws of mathematics that any implementation must obey, pointed at yours.

    Exit codes: 0 every law held or is on record; 1 a law is broken; 2 wrong usage, nothing tested, or a bug of
    prufrock's own; 130 interrupted.
    """
