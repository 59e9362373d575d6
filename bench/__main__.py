"""`python -m bench`: makes what is missing, measures what was asked for, prints the table."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench import effort as efforts
from bench import peers, report
from bench.effort import Effort
from bench.measure import defence, filters, items, loading, lookup, rollups, tiles, whole
from bench.report import Finding
from bench.store import Store, opened
from spatial.errors import DothiError

FULL_ROWS = 1_000_000
QUICK_ROWS = 100_000
Measure = Callable[[Store, Effort], Iterator[Finding]]
MEASURES: Mapping[str, Measure] = {
    "items": items.measure,
    "filters": filters.measure,
    "whole": whole.measure,
    "paging": whole.measure_paging,
    "tiles": tiles.measure_cold,
    "cache": tiles.measure_warm,
    "size": tiles.measure_size,
    "unchanged": tiles.measure_unchanged,
    "lookup": lookup.measure,
    "streets": lookup.measure_streets,
    "load": loading.measure,
    "rollup": rollups.measure,
    "defence": defence.measure,
}


def main() -> None:
    """Run the bench."""
    asked = _parse()
    begin = time.monotonic()

    def say(sentence: str) -> None:
        print(f"[{time.monotonic() - begin:6.1f} s] {sentence}", flush=True)

    waiting = os.getloadavg()[0]
    effort = efforts.quick(say) if asked.quick else efforts.full(say)
    try:
        findings = _measure(asked, effort)
    except DothiError as error:
        sys.exit("\n".join(filter(None, (error.vi, str(error)))))
    table = report.as_markdown(findings)
    about = (
        f"{report.now()}, {report.describe_machine()}, about {asked.rows:,} parcels, {time.monotonic() - begin:.0f} s; "
        f"when it began, {waiting:.1f} other processes wanted to run"
    )
    print(f"\n{about}\n\n{table}")
    if asked.output:
        asked.output.write_text(f"{about}\n\n{table}\n")
    missed = [finding.what for finding in findings if finding.verdict.startswith("missed")]
    print(f"\n{len(findings)} figures, {len(missed)} bars missed{': ' if missed else ''}{'; '.join(missed)}")


def _measure(asked: argparse.Namespace, effort: Effort) -> list[Finding]:
    peers.check_programs()
    findings: list[Finding] = []
    with opened(asked.rows, effort.say) as store:
        for name in asked.only:
            for finding in MEASURES[name](store, effort):
                effort.say("  ".join(filter(None, finding.cells())))
                findings.append(finding)
    return findings


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES), metavar="PART", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS:,} parcels, one short round: an order of magnitude")
    parser.add_argument("--rows", type=int, help="about so many parcels")
    parser.add_argument("--output", type=Path, help="write the table there, too")
    asked = parser.parse_args()
    asked.rows = asked.rows or (QUICK_ROWS if asked.quick else FULL_ROWS)
    return asked


if __name__ == "__main__":
    main()
