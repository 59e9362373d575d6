"""The legal day of a whole run: `pytest --at 2027-01-02` (or `make test-at DATE=...`) turns it, in Python and in the database.

Only what is in force turns. Moments (when a batch was committed, what was known then) stay real: they are the server's clock.
"""

import importlib.util
import os
from datetime import date
from pathlib import Path

import spatial.selection

_SUBPROCESSES = Path(__file__).parent / "turned_day" / "sitecustomize.py"


def today_is(day: date) -> str:
    """Give the statement that lets the database's legal day stand at `day`; only the owner of the schema may run it."""
    return (
        "CREATE OR REPLACE FUNCTION admin.today_vn() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE"
        f" RETURN DATE '{day.isoformat()}'"
    )


def turn_python(day: date) -> None:
    """Let Python's legal day stand at `day`: in this process and in those that it starts."""
    spec = importlib.util.spec_from_file_location("turned_day", _SUBPROCESSES)
    assert spec is not None
    assert spec.loader is not None
    turned_day = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(turned_day)
    turned_day.turn(spatial.selection, day)
    os.environ[turned_day.VARIABLE] = day.isoformat()
    folders = [str(_SUBPROCESSES.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(folders))
