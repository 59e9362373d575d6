"""A plan's dossier in the GIS layout of Circular 16/2025/TT-BXD: boundary, zones, lines, and what `ho_so.json` tells besides.

The circular fixes the classes and their names; it has no class for decisions and legal events, so those come in a small
`ho_so.json` beside `HoSoGIS/`. Without it a plan's legal state is unknown: nothing about its force is guessed.
"""

import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, Engine

from ingest.archives import DEFAULT_LIMITS, extract_archive
from ingest.columns import map_columns
from ingest.connect import loading, lock_layer
from ingest.content import read_content
from ingest.files import SourceFile, hash_parts, open_sources
from ingest.issues import Issue, IssueCode, count_by_code
from ingest.load import Progress, Work, fillable, silent, understand
from ingest.options import LoadOptions
from ingest.plan_facts import ClassOutcome, end_missing, lacks, store_plan_facts
from ingest.publish import Counts
from ingest.quarantine import record_batch, store_issues
from ingest.report import LoadReport
from ingest.scratch import private_folder
from ingest.source import describe_layer
from spatial.errors import InvalidInput, UnreadableFile
from spatial.layers import find_layer
from spatial.tables.bands import DAYS, SCALE
from spatial.versions import open_batch

FACTS_FILE = "ho_so.json"
BOUNDARY_CLASS = "RanhGioiQuyHoach_A"
_LAYER_OF_CLASS: dict[str, tuple[str, dict[str, str]]] = {
    BOUNDARY_CLASS: ("plans", {}),
    "ChucNangSuDungDat_A": ("zones", {}),
    "PhanOQuyHoach_A": ("zones", {}),
    "ChiGioiDuongDo_L": ("planning_lines", {"kind": "red_line"}),
    "ChiGioiXayDung_L": ("planning_lines", {"kind": "building_line"}),
    "HanhLangAnToan_L": ("planning_lines", {"kind": "corridor"}),
}
"""Class of the circular -> layer, and what the class itself says."""
_THEME_OF_CLASS = {
    name: "zoning" if layer == "zones" else says["kind"] for name, (layer, says) in _LAYER_OF_CLASS.items() if layer != "plans"
}
"""Class -> theme of the lookup that it holds; zoning comes in two classes, of which a dossier may have either."""
_LEVEL_OF_DIGIT = {"1": "general", "2": "zoning", "3": "detailed", "4": "detailed_short"}
_KIND_OF_DIGIT = {"1": "urban", "2": "rural", "3": "functional_zone", "4": "underground", "5": "infrastructure"}
_ADJUSTMENT_OF_DIGIT = {"0": "first", "1": "overall", "2": "partial"}
"""Digits 5, 6 and 7 of maThongTinQH (Decree 111/2024, Circular 24/2025/TT-BXD article 4)."""
_INFO_DIGITS = 12


LegalDay = Annotated[date, Field(ge=DAYS.least, le=DAYS.largest)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EventFact(_Strict):
    """A legal event of the plan; `geometry` is GeoJSON in longitude, latitude for an event of a part."""

    kind: Literal["approved", "in_force", "published", "amended", "partly_annulled", "annulled", "replaced", "expired"]
    effective_on: LegalDay
    decision_no: str | None = None
    other_plan_code: str | None = None
    note: str | None = None
    geometry: dict[str, Any] | None = None


class DocumentFact(_Strict):
    """A document of the plan."""

    kind: Literal["decision", "drawing", "report", "rules"]
    title: str
    number: str | None = None
    issued_on: LegalDay | None = None
    url: str | None = None


class CoverageFact(_Strict):
    """Whether the plan is complete for a theme within its boundary."""

    theme: Literal["zoning", "plans", "red_line", "building_line", "corridor"]
    extent: Literal["full", "partial", "none"]
    reason: str | None = None


class PlanFacts(_Strict):
    """What `ho_so.json` tells of a plan."""

    code: str = Field(alias="maHoSoQH")
    info_code: str | None = Field(default=None, alias="maThongTinQH")
    name: str
    name_en: str | None = None
    plan_level: Literal["general", "zoning", "detailed", "detailed_short"]
    plan_kind: Literal["urban", "rural", "functional_zone", "underground", "infrastructure"]
    adjustment: Literal["first", "overall", "partial"] | None = None
    scale: int | None = Field(default=None, ge=SCALE.least, le=SCALE.largest)
    decision_no: str | None = None
    decided_on: LegalDay | None = None
    authority: str | None = None
    events: tuple[EventFact, ...] = ()
    documents: tuple[DocumentFact, ...] = ()
    theme_coverage: tuple[CoverageFact, ...] = ()

    def plan_values(self) -> dict[str, str]:
        """Give the plan's own columns as text, for those that the boundary class does not have."""
        names = ("info_code", "name", "name_en", "plan_level", "plan_kind", "adjustment", "scale", "decision_no", "decided_on")
        return {name: str(getattr(self, name)) for name in (*names, "authority") if getattr(self, name) is not None}


@dataclass(frozen=True)
class Dossier:
    """An unpacked dossier."""

    name: str
    files: tuple[SourceFile, ...]
    facts: PlanFacts | None
    sha256: str


def is_dossier(path: Path) -> bool:
    """Say whether a zip, a folder or a GeoPackage is a dossier: it has a `HoSoGIS` folder or the boundary class."""
    if path.is_dir():
        return any(part.name.lower() == "hosogis" for part in path.rglob("*") if part.is_dir())
    if path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any("hosogis/" in name.lower() for name in archive.namelist())
    if path.suffix.lower() == ".gpkg" and path.is_file():
        with open_sources([path]) as sources:
            return any(BOUNDARY_CLASS in source.layers for source in sources)
    return False


@contextmanager
def open_dossier(path: Path) -> Iterator[Dossier]:
    """Unpack a dossier into a private folder that is removed afterwards.

    Raises:
        UnreadableFile: it holds no boundary of a plan, an unsafe archive, or a `ho_so.json` that is wrong.
    """
    with private_folder() as temporary:
        folder = path
        if path.is_file() and path.suffix.lower() == ".zip":
            folder = temporary
            extract_archive(path, folder, wanted={".gpkg", ".json"}, limits=DEFAULT_LIMITS)
        packages = [path] if path.suffix.lower() == ".gpkg" else sorted(folder.rglob("*.gpkg"))
        if not packages:
            raise UnreadableFile(f"The dossier '{path}' holds no GeoPackage (HoSoGIS/QuyHoach.gpkg).")
        facts_files = [] if path.suffix.lower() == ".gpkg" else sorted(folder.rglob(FACTS_FILE))
        with open_sources(packages) as sources:
            if not any(BOUNDARY_CLASS in source.layers for source in sources):
                raise UnreadableFile(f"The dossier '{path}' has no class {BOUNDARY_CLASS}: the plan's boundary is missing.")
            parts = {str(part.relative_to(folder) if part != path else part.name): part for part in (*packages, *facts_files)}
            yield Dossier(str(path), tuple(sources), _read_facts(facts_files), hash_parts(parts)[0])


def _read_facts(files: Sequence[Path]) -> PlanFacts | None:
    if not files:
        return None
    try:
        return PlanFacts.model_validate_json(files[0].read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UnreadableFile(f"{FACTS_FILE} is wrong at {where}: {first['msg']}. Mend it and load the dossier again.") from None


def load_dossier(engine: Engine, path: Path, options: LoadOptions, progress: Progress = silent) -> LoadReport:
    """Load a dossier in one transaction: the plan, its zones and lines, documents, events and what it is complete for."""
    started = time.monotonic()
    with open_dossier(path) as dossier, loading(engine, dry_run=options.dry_run) as connection:
        for layer in ("plans", "zones", "planning_lines"):
            lock_layer(connection, find_layer(layer).table_name, lambda: progress("wait", 0, None))
        batch_id = open_batch(connection, "load")
        load = _DossierLoad(connection, dossier, options, batch_id, progress)
        report = load.run(started)
        record_batch(connection, batch_id, report, options, load.encodings)
        return report


class _DossierLoad:
    """The loading of one dossier in its transaction."""

    def __init__(self, connection: Connection, dossier: Dossier, options: LoadOptions, batch_id: int, progress: Progress) -> None:
        self.connection = connection
        self.dossier = dossier
        self.options = options
        self.batch_id = batch_id
        self.progress = progress
        self.reports: list[LoadReport] = []
        self.issues: list[Issue] = []
        self.encodings: dict[str, dict[str, int]] = {}
        self.outcomes: dict[str, ClassOutcome] = {}

    def run(self, started: float) -> LoadReport:
        """Load the classes, boundary first, then the facts."""
        classes = {name: file for file in self.dossier.files for name in file.layers}
        for name, (layer, says) in _LAYER_OF_CLASS.items():
            if name in classes:
                self._load_class(name, classes[name], layer, says)
        self.issues += [Issue(IssueCode.CLASS_UNKNOWN, value=name) for name in classes if name not in _LAYER_OF_CLASS]
        facts = self.dossier.facts
        if facts is None or not facts.events:
            self.issues.append(Issue(IssueCode.DOSSIER_WITHOUT_EVENTS))
        changed = ended = 0
        if facts:
            ended = end_missing(self.connection, facts.code, self.outcomes)
            changed = store_plan_facts(self.connection, facts, self.outcomes, self.batch_id)
            self.issues += self._not_borne_out(facts)
        if ended:
            self.issues.append(Issue(IssueCode.DOSSIER_ROWS_GONE, detail=str(ended)))
        self.issues += lacks(self.connection, self.outcomes)
        store_issues(self.connection, self.batch_id, self.issues)
        return self._report(started, changed, ended)

    def _not_borne_out(self, facts: PlanFacts) -> list[Issue]:
        """Tell of each theme that the dossier claims to know in full, and what was loaded does not bear that out."""
        claimed = [fact.theme for fact in facts.theme_coverage if fact.extent == "full" and fact.theme != "plans"]
        lost = [theme for theme in claimed if theme not in self.outcomes or self.outcomes[theme].quarantined]
        return [Issue(IssueCode.COVERAGE_NOT_BORNE_OUT, value=theme) for theme in lost]

    def _load_class(self, name: str, file: SourceFile, layer_name: str, says: dict[str, str]) -> None:
        layer = find_layer(layer_name)
        described = describe_layer(file, name)
        plan = map_columns(layer.name, described.columns, table_columns=fillable(layer), profile=self.options.profile)
        content = read_content(described)
        info_code = content.column("maThongTinQH")[0].as_py() if content.rows and "maThongTinQH" in described.columns else None
        values = {**says, **self._plan_values(layer_name, info_code)}
        stated = replace(self.options, values={**values, **self.options.values}, file_layer=name, valid_from=None)
        if layer_name == "plans" and self.dossier.facts:
            self._same_plan(content.column("maHoSoQH").unique().to_pylist() if "maHoSoQH" in described.columns else [])
        context = understand(self.connection, layer, content, plan, stated)
        work = Work(self.connection, context, self.progress, notes_gaps=False)  # the plan's coverage says what is missing
        work.stage()
        work.publish(self.batch_id)
        codes, plans = work.codes(), work.staged("plan_code") if layer_name != "plans" else frozenset()
        work.settle()
        if theme := _THEME_OF_CLASS.get(name):
            tells_codes = "code" in plan.public and len(work.spared) >= work.quarantined
            outcome = ClassOutcome(name, work.quarantined, codes, plans, tells_codes)
            self.outcomes[theme] = outcome.plus(self.outcomes.get(theme))
        self.reports.append(work.report(time.monotonic()))
        self.encodings.update({f"{name}.{column}": dict(counts) for column, counts in work.encodings.by_column.items()})

    def _same_plan(self, codes: list[str | None]) -> None:
        facts = self.dossier.facts
        if facts and codes and facts.code not in codes:
            raise InvalidInput(
                f"{FACTS_FILE} tells of the plan {facts.code}, the boundary class of {', '.join(map(str, codes))}. "
                "Put the right file into the dossier."
            )

    def _plan_values(self, layer_name: str, info_code: str | None) -> dict[str, str]:
        """Give what is known of the plan besides the class: the facts, else what the digits of maThongTinQH say."""
        facts = self.dossier.facts
        if layer_name != "plans":
            return {"plan_code": facts.code} if facts else {}
        if facts:
            return {"code": facts.code, **facts.plan_values()}
        if not info_code or len(info_code) != _INFO_DIGITS:
            return {}
        found = {
            "plan_level": _LEVEL_OF_DIGIT.get(info_code[4]),
            "plan_kind": _KIND_OF_DIGIT.get(info_code[5]),
            "adjustment": _ADJUSTMENT_OF_DIGIT.get(info_code[6]),
        }
        return {name: value for name, value in found.items() if value}

    def _report(self, started: float, facts_changed: int, ended: int) -> LoadReport:
        counts = Counts(ended=ended)
        for one in self.reports:
            counts += Counts(one.added, one.changed, one.unchanged, one.ended)
        issues: dict[str, int] = count_by_code(self.issues)
        for one in self.reports:
            for code, count in one.issues.items():
                issues[code] = issues.get(code, 0) + count
        first = self.reports[0]
        if facts_changed and counts.unchanged and not (counts.added or counts.changed):
            counts += Counts(changed=1, unchanged=-1)  # the plan, by its documents or events alone
        return LoadReport(
            batch=first.batch,
            layer="plans",
            file=self.dossier.name,
            sha256=self.dossier.sha256,
            crs=first.crs,
            encoding=first.encoding,
            rows_in=sum(one.rows_in for one in self.reports),
            added=counts.added,
            changed=counts.changed,
            unchanged=counts.unchanged,
            ended=counts.ended,
            quarantined=sum(one.quarantined for one in self.reports),
            repaired=sum(one.repaired for one in self.reports),
            seconds=time.monotonic() - started,
            issues=issues,
            notes=tuple(issue for issue in self.issues if issue.row is None),
        )


__all__ = ["Dossier", "PlanFacts", "is_dossier", "load_dossier", "open_dossier"]
