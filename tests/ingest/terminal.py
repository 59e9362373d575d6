"""The command line as a person uses it, without a terminal."""

from typer.testing import CliRunner, Result

import dothi


class Run:
    """Runs `dothi ARGUMENTS`."""

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(dothi.app, [str(argument) for argument in arguments])


def refusal(result: Result) -> tuple[str, str]:
    """Give the two sentences, Vietnamese and English, of a command that refused."""
    assert result.exit_code == 1, result.output
    vi, en = result.stderr.strip().splitlines()
    return vi, en
