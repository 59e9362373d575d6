"""The load: wrk for every HTTP server, pgbench for the bare statement. The same number of clients, the same requests."""

import os
import re
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from spatial.database import ROOT

CLIENTS = 4
_PATIENCE_SECONDS = 100
_SCRIPT = ROOT / "bench" / "paths.lua"


@dataclass(frozen=True)
class Requests:
    """Paths asked for in turn, over and over, with the same headers."""

    url: str
    paths: Sequence[str]
    headers: Mapping[str, str]

    def rate(self, seconds: float, clients: int = CLIENTS) -> float:
        """Ask for some seconds, or until somebody answers, and give answers per second.

        Raises:
            RuntimeError: an answer was not 2xx or 3xx, or a connection broke.
        """
        found = 0.0
        while not found and seconds < _PATIENCE_SECONDS:
            found = self._rate(seconds, clients)
            seconds *= 3
        return found

    def _rate(self, seconds: float, clients: int) -> float:
        with tempfile.NamedTemporaryFile("w", suffix=".paths") as file:
            file.write("\n".join(self.paths))
            file.flush()
            command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "60s", "-s", str(_SCRIPT), self.url]
            for name, value in self.headers.items():
                command[-1:-1] = ["-H", f"{name}: {value}"]
            done = subprocess.run(
                command, env={**os.environ, "BENCH_PATHS": file.name}, capture_output=True, text=True, check=True
            )
        if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise RuntimeError(f"{self.url}{self.paths[0]}: {done.stdout}")
        return _number(r"Requests/sec:\s+([\d.]+)", done.stdout)


def pgbench_rate(database_url: str, script: str, values: Mapping[str, str], seconds: float, clients: int = CLIENTS) -> float:
    """Run a pgbench script for some seconds, prepared, with the session settings of the API, and give transactions per second."""
    login = urlsplit(database_url)
    options = "-c plan_cache_mode=force_custom_plan -c jit=off -c max_parallel_workers_per_gather=0 -c timezone=UTC"
    environment = {**os.environ, "PGPASSWORD": login.password or "", "PGOPTIONS": options}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script)
        command = [
            "pgbench",
            "-n",
            "-M",
            "prepared",
            "-c",
            str(clients),
            "-j",
            "1",
            "-T",
            f"{max(1, round(seconds))}",
            "-f",
            str(file),
        ]
        command += [part for name, value in values.items() for part in ("-D", f"{name}={value}")]
        command += ["-h", login.hostname or "", "-p", str(login.port), "-U", login.username or "", login.path.strip("/")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode or "failed" in done.stderr:
        raise RuntimeError(f"pgbench: {done.stdout} {done.stderr}")
    return _number(r"tps = ([\d.]+)", done.stdout)


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"nothing like {pattern} in: {text}")
    return float(found[1])


def interleaved(rounds: int, **measures: Callable[[], float]) -> dict[str, float]:
    """Measure in turn, round after round (A B C A B C), and give the median of each."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: statistics.median(values) for name, values in found.items()}
