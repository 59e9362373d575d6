"""Imported by every Python that a run with `--at DATE` starts, since the run puts this folder on PYTHONPATH.

It turns the legal day there as `tests/day.py` does in the run itself. Nothing outside the tests knows of it: no setting, no
environment variable and no login moves the day of an installation.
"""

import importlib.util
import os
import sys
from datetime import date, datetime, tzinfo
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

VARIABLE = "PYTHON_TESTS_LEGAL_DAY"  # the beginning lets it through to the web server's process, too
_CLOCK = "spatial.selection"
"""The one module that asks for today."""


def turn(module: ModuleType, day: date) -> None:
    """Let the module's clock stand at noon of `day`."""

    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Standing":
            return cls(day.year, day.month, day.day, 12, tzinfo=tz)

    module.datetime = Standing  # type: ignore[attr-defined]


class _TurnAtImport(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != _CLOCK:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_turn(module: ModuleType) -> None:
                load(module)
                turn(module, date.fromisoformat(os.environ[VARIABLE]))

            spec.loader.exec_module = load_and_turn  # type: ignore[method-assign]
        return spec


if VARIABLE in os.environ:
    sys.meta_path.insert(0, _TurnAtImport())
