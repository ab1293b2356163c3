"""The command line, called in this process: a new one takes seconds to import everything."""

import contextlib
import io
import subprocess
import sys
from unittest import mock

from hazardmap import cli

__all__ = ["run"]


def run(*arguments, cwd):
    """Run ``hazardmap`` with these arguments in a folder; return its exit code and what it said."""
    out, errors, code = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.object(sys, "argv", ["hazardmap", *map(str, arguments)]),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), errors.getvalue())
