"""`dothi load`: from files to published rows, one transaction per file. Composes the steps; each lives in its own module."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from sqlalchemy import Connection, Engine, Table, delete, func, select
from sqlalchemy.dialects.postgresql import array

from ingest.checks import check_duplicates
from ingest.columns import map_columns, require_columns
from ingest.completeness import state_complete
from ingest.connect import loading, lock_layer
from ingest.content import EncodingLog, FileContent, decode_batch, file_issues, raw_row_values, read_content
from ingest.content_gaps import note_gaps
from ingest.crs_detect import DetectedCrs, detect_crs
from ingest.drawn import DrawnRows
from ingest.features import prepare_features
from ingest.files import SourceFile, open_sources
from ingest.indexes import without_indexes
from ingest.issues import Issue, count_by_code, rows_in_quarantine
from ingest.lists import load_code_lists
from ingest.options import CompleteFor, LoadOptions
from ingest.overlaps import check_overlaps, check_published
from ingest.owners import PERSONAL_TABLES, PersonalRows, carry_over, publish_personal
from ingest.parcels import commune_codes, prepare_parcels
from ingest.periods import check_periods
from ingest.places import Places, load_places
from ingest.prepare import LoadContext, PreparedRows, is_geographic, personal_names
from ingest.publish import Counts, Publication, end_missing, match_rows, match_table, publish
from ingest.quarantine import record_batch, store_issues, store_quarantine
from ingest.report import LoadReport
from ingest.restricted import (
    HIDDEN,
    IS_RESTRICTED,
    SHOWN,
    bring,
    count_as_changed,
    crossing,
    forget_secrets,
    is_hidden,
    is_shown,
    settle_codes,
)
from ingest.rules import check_rules
from ingest.source import describe_layer
from ingest.stage import ROW_NO, USE_STAGE, Copier, analyze_stage, create_stage, drop_stage, layer_stage, personal_stage
from ingest.uses import publish_uses
from spatial.layers import Layer
from spatial.tables import VertexLimit
from spatial.versions import open_batch, today_vn

Progress = Callable[[str, int, int | None], None]
"""Called with the step's name, how much is done, and how much there is (None: unknown)."""

_PARCELS = "parcels"
_DERIVED = frozenset({"area_m2"})
"""Of parcels: the area of the geometry in the zone, both of which are compared."""
_SCOPES = {
    CompleteFor.SHEET: ("commune_code", "former_commune_code", "map_sheet"),
    CompleteFor.COMMUNE: ("commune_code",),
}


def silent(_step: str, _done: int, _total: int | None) -> None:
    """Show nothing."""


def load_files(
    engine: Engine,
    layer: Layer,
    given: Sequence[str | os.PathLike[str]],
    options: LoadOptions,
    progress: Progress = silent,
) -> Iterator[LoadReport]:
    """Load files, folders or patterns into a layer, each data set in a transaction of its own.

    Args:
        engine: logs in as a role that may act as dothi_ingest and dothi_owner.
        layer: where to.
        given: paths, folders, globs.
        options: what the person asked for.
        progress: shows how far it is.

    Raises:
        UnreadableFile, UnknownCrs, InvalidInput: a file is refused; files before it stay loaded.
        Unavailable: the database stopped; nothing of the file at work is published.
    """
    with open_sources(given) as sources:
        for source in sources:
            yield load_source(engine, layer, source, options, progress)


def load_source(
    engine: Engine, layer: Layer, source: SourceFile, options: LoadOptions, progress: Progress = silent
) -> LoadReport:
    """Load one data set: read, understand, stage, publish, report."""
    started = time.monotonic()
    described = describe_layer(source, options.file_layer)
    plan = map_columns(layer.name, described.columns, table_columns=fillable(layer), profile=options.profile)
    if layer.name == _PARCELS:
        require_columns(plan, source.name, layer.name)
    content = read_content(described, lambda rows: progress("read", rows, described.rows))
    with loading(engine, dry_run=options.dry_run) as connection:
        lock_layer(connection, layer.table_name, lambda: progress("wait", 0, None))
        context = understand(connection, layer, content, plan, options)
        work = Work(connection, context, progress)
        work.stage()
        work.publish(open_batch(connection, "load"))
        work.settle()
        report = work.report(started)
        record_batch(connection, work.batch_id, report, options, work.encodings.by_column)
        return report


def fillable(layer: Layer) -> tuple[str, ...]:
    """Name the columns of a layer that a file may fill."""
    left_out = {"id", "batch_id", "geom"}
    return tuple(column.name for column in layer.table.columns if column.name not in left_out and column.computed is None)


def understand(connection: Connection, layer: Layer, content: FileContent, plan: Any, options: LoadOptions) -> LoadContext:
    """Read what the database knows about the places that the file names, and find the file's coordinate system."""
    today = today_vn(connection)
    stated = _stated_communes(layer, content, plan, options)
    places = load_places(connection, today, stated)
    crs = _find_crs(layer, content, plan, options, places)
    most = connection.scalar(select(VertexLimit.most_vertices).where(VertexLimit.table_name == layer.table_name))
    return LoadContext(layer, content, plan, crs, places, load_code_lists(connection), options, today, most)


def _stated_communes(layer: Layer, content: FileContent, plan: Any, options: LoadOptions) -> set[str] | None:
    """Give the commune codes that the file names; None where it names none, so that all may be meant."""
    column = plan.public.get("commune_code")
    if layer.name != _PARCELS:
        return None
    codes = {options.commune} if options.commune else set()
    if column is not None and content.rows:
        codes |= set(commune_codes(pc.unique(content.column(column)))) - {None}
    return codes or None


def _find_crs(layer: Layer, content: FileContent, plan: Any, options: LoadOptions, places: Places) -> DetectedCrs:
    declared = content.layer.crs_text
    if content.rows == 0:
        return DetectedCrs(options.srid or 4326, False, True, 0, (), ())
    positions, sample = content.sample()
    if layer.name != _PARCELS:
        communes = {} if declared or options.srid else places.current
        return detect_crs(sample, declared=declared, communes=communes, given_srid=options.srid)
    column = plan.public.get("commune_code")
    stated = None
    if column is not None:
        stated = [
            code or options.commune for code in commune_codes(content.column(column).take(pa.array(positions)).combine_chunks())
        ]
    elif options.commune:
        stated = [options.commune] * len(sample)
    named = {code for code in stated or () if code}
    grounds = {code: ground for code in named if (ground := places.polygon_of(code)) is not None}
    if not grounds:
        grounds = {} if declared or options.srid else dict(places.current)
    return detect_crs(sample, declared=declared, communes=grounds, stated_communes=stated, given_srid=options.srid)


@dataclass
class Work:
    """One layer's part of a load in its transaction: stage, publish, settle, report."""

    connection: Connection
    context: LoadContext
    progress: Progress
    issues: list[Issue] = field(default_factory=list)
    encodings: EncodingLog = field(default_factory=EncodingLog)
    repaired: int = 0
    quarantined: int = 0
    counts: Counts = field(default_factory=Counts)
    filled: tuple[str, ...] = ()
    spared: list[str] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    batch_id: int = 0
    notes_gaps: bool = True

    def __post_init__(self) -> None:
        """Declare the staging tables."""
        context = self.context
        self.is_parcels = context.layer.name == _PARCELS
        self.stage_table = layer_stage(context.layer.table, restricted=self.is_parcels)
        self.personal_table = personal_stage(len(personal_names(context.plan)))
        self.keeps_personal = context.layer.name in PERSONAL_TABLES and bool(personal_names(context.plan))
        self.drawn = DrawnRows(in_degrees=is_geographic(context.crs.srid))
        self.issues += [*file_issues(context.content, context.plan), *context.crs.issues]

    # -- into staging ---------------------------------------------------------------------------------------------------

    def stage(self) -> None:
        """Copy every row that stands its checks into staging, batch by batch, while the database takes them in."""
        create_stage(self.connection, self.stage_table, self.personal_table, USE_STAGE)
        content, prepare = self.context.content, prepare_parcels if self.is_parcels else prepare_features
        keys: list[pa.Array] = []
        done = 0
        with Copier(self.connection) as copier:
            for batch in content.batches:
                columns, found = decode_batch(content, batch, self.context.plan, self.encodings)
                prepared = prepare(self.context, batch, columns, found)
                self._take(prepared, copier)
                keys.append(prepared.keys)
                done += len(batch.rows)
                self.progress("stage", done, content.rows)
            copier.finish()
        self._set_aside(self._duplicates(keys))
        self._set_aside(check_rules(self.connection, self.context.layer.table, self.stage_table))
        analyze_stage(self.connection, self.stage_table, self.personal_table, USE_STAGE)

    def _take(self, prepared: PreparedRows, copier: Copier) -> None:
        self.issues += prepared.issues
        self.repaired += prepared.repaired
        self.spared += prepared.spared
        if not self.filled:
            self.filled = tuple(name for name in prepared.public.column_names if name not in (ROW_NO, IS_RESTRICTED))
        if prepared.drawn is not None:
            self.drawn.note_staged(prepared.public, prepared.drawn, self.context.today)
        copier.add(self.stage_table, prepared.public)
        if self.keeps_personal and prepared.personal is not None:
            copier.add(self.personal_table, prepared.personal)
        if prepared.uses is not None:
            copier.add(USE_STAGE, prepared.uses)

    def _duplicates(self, keys: Sequence[pa.Array]) -> list[Issue]:
        """Find rows that share a key, over all batches; only those are read again."""
        if not keys:
            return []
        content = self.context.content
        whole = pa.chunked_array(keys).combine_chunks()
        coded = pc.dictionary_encode(whole)
        codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
        repeated = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=1) > 1)
        at = np.flatnonzero(np.isin(codes, repeated))
        if not at.size:
            return []
        rows = np.concatenate([batch.rows for batch in content.batches])[at]
        values: list[Mapping[str, object]] = []
        shapes: list[Any] = []
        for batch in content.take(rows.tolist()):
            values += raw_row_values(content, batch)
            shapes += shapely.from_wkb(batch.wkb.to_numpy(zero_copy_only=False), on_invalid="ignore").tolist()
        compared = set(self.context.plan.public.values()) | set(self.context.plan.personal)
        attributes = pa.table({name: pa.array([str(value[name]) for value in values]) for name in compared})
        return check_duplicates(whole.take(pa.array(at)), attributes, np.array(shapes, dtype=object), rows)

    def _set_aside(self, found: list[Issue]) -> None:
        """Take rows out of staging that a check over the whole file found wanting."""
        self.issues += found
        rows = sorted(rows_in_quarantine(found))
        if rows:
            stage = self.stage_table
            gone = delete(stage).where(stage.c[ROW_NO] == func.any(array(rows))).returning(stage.c.code)
            self.spared += [code for code in self.connection.scalars(gone) if code]
            for other in (self.personal_table, USE_STAGE):
                self.connection.execute(delete(other).where(other.c[ROW_NO] == func.any(array(rows))))

    # -- into the tables ------------------------------------------------------------------------------------------------

    def publish(self, batch_id: int) -> None:
        """Publish what is staged: the layer's table, restricted parcels, uses, personal columns, ends."""
        self.progress("publish", 0, None)
        self.batch_id = batch_id
        staged = self.connection.scalar(select(func.count()).select_from(self.stage_table)) or 0
        if not staged:
            return
        layer = self.context.layer
        publications = self._parcel_publications() if self.is_parcels else [self._publication(layer.table, "load_match")]
        for one in publications:
            self._match(one)
        with self._overlaps_looked_for():
            with without_indexes(self.connection, layer.table, staged):
                self.counts = sum((publish(self.connection, one) for one in publications), Counts())
            self._publish_dependents(publications)
            if self.released:
                forget_secrets(self.connection, publications[0], self.released)
            if self.context.options.complete_for:
                self._end_missing(publications, self.context.options.complete_for)

    def _end_missing(self, publications: Sequence[Publication], complete_for: CompleteFor) -> None:
        ends = self.context.options.valid_from or self.context.today
        for one in publications:
            ended = end_missing(self.connection, one, self.stage_table, _SCOPES[complete_for], ends, self.spared)
            self.counts += Counts(ended=ended)

    def _publication(self, target: Table, match: str, where: Any = None) -> Publication:
        context = self.context
        return Publication(
            target, self.stage_table, self.filled, self.batch_id, context.today, match_table(match), where,
            by_code_only=context.by_code_only, states_periods=context.states_periods,
            derived=_DERIVED if self.is_parcels else frozenset(),
        )  # fmt: skip

    def _parcel_publications(self) -> list[Publication]:
        """Part what may be shown from defence and security land, which goes where nobody but the owner reads."""
        stage = self.stage_table
        found = [self._publication(SHOWN, "load_match", is_shown(stage))]
        settle_codes(self.connection, found[0])
        if self.connection.scalar(select(select(stage.c.id).where(is_hidden(stage)).exists())):
            found.append(self._publication(HIDDEN, "load_match_restricted", is_hidden(stage)))
        return found

    def _match(self, one: Publication) -> None:
        """Find what each staged row is to become, and set aside what cannot stand beside the rows that are there."""
        brought: list[int] = []
        if self.is_parcels:
            across = crossing(one)
            if one.states_periods and self.connection.scalar(select(func.count()).where(across.mine)):
                self._match_only(across, in_secret=True)
            brought = bring(self.connection, one)
        self._match_only(one, in_secret=one.target is HIDDEN)
        if brought:
            count_as_changed(self.connection, one, brought)
            self.released += brought if one.target is SHOWN else []

    def _match_only(self, one: Publication, *, in_secret: bool) -> None:
        match_rows(self.connection, one)
        if one.states_periods:
            found = check_periods(self.connection, one)
            self._set_aside([Issue(issue.code, issue.row) for issue in found] if in_secret else found)
            gone = select(self.stage_table.c[ROW_NO])
            self.connection.execute(delete(one.match).where(one.match.c[ROW_NO].not_in(gone)))

    @contextmanager
    def _overlaps_looked_for(self) -> Iterator[None]:
        """Look for overlaps of parcels: within the file while the database publishes, then with what was published before."""
        if not self.is_parcels:
            yield
            return
        others = bool(self.connection.scalar(select(select(SHOWN.c.id).exists())))
        drawn = self.drawn.without(rows_in_quarantine(self.issues))
        with ThreadPoolExecutor(1, thread_name_prefix="dothi-overlaps") as beside:
            found = beside.submit(check_overlaps, drawn)
            yield
        self.issues += found.result()
        if others:
            self.issues += check_published(self.connection, self.batch_id)

    def _publish_dependents(self, publications: Sequence[Publication]) -> None:
        """Bring uses and personal columns up to date; a row that differs in these alone counts as changed."""
        also_changed: set[int] = set()
        if self.is_parcels:
            also_changed |= publish_uses(self.connection, self.stage_table, publications, self.batch_id)
        if self.keeps_personal:
            also_changed |= publish_personal(
                self.connection,
                PERSONAL_TABLES[self.context.layer.name],
                self.context.plan,
                PersonalRows(self.stage_table, self.personal_table, publications, self.batch_id),
            )
        if self.context.layer.name in PERSONAL_TABLES:
            for one in publications:
                carry_over(self.connection, PERSONAL_TABLES[self.context.layer.name], self.stage_table, one, self.batch_id)
        extra = len(also_changed)
        self.counts += Counts(changed=extra, unchanged=-extra)

    def codes(self) -> frozenset[str]:
        """Give the codes of all rows of the file, loaded or set aside; before `settle`."""
        return self.staged("code") | frozenset(self.spared)

    def staged(self, name: str) -> frozenset[str]:
        """Give the values that a column of the staged rows has; before `settle`."""
        column = self.stage_table.c[name]
        return frozenset(self.connection.scalars(select(column).where(column.is_not(None)).distinct()))

    # -- the books ------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Write quarantine and issues, and drop what was staged."""
        self.quarantined = store_quarantine(self.connection, self.batch_id, self.context, self.issues)
        if self.quarantined and self.notes_gaps:
            note_gaps(self.connection, self.batch_id, self.context, self.stage_table)
        store_issues(self.connection, self.batch_id, self.issues)
        options = self.context.options
        if options.complete_for is CompleteFor.COMMUNE:
            state_complete(
                self.connection,
                self.context.layer.name,
                self.stage_table,
                set_aside=self.quarantined,
                stated_on=options.valid_from or self.context.today,
                batch_id=self.batch_id,
                source=options.source,
            )
        drop_stage(self.connection)

    def report(self, started: float) -> LoadReport:
        """Give the outcome; `started` is the monotonic clock at the beginning."""
        context = self.context
        return LoadReport(
            batch=None if context.options.dry_run else self.batch_id,
            layer=context.layer.name,
            file=context.content.layer.file.name,
            sha256=context.content.layer.file.sha256,
            crs=f"EPSG:{context.crs.srid}",
            encoding=self.encodings.summary,
            rows_in=context.content.rows,
            added=self.counts.added,
            changed=self.counts.changed,
            unchanged=self.counts.unchanged,
            ended=self.counts.ended,
            quarantined=self.quarantined,
            repaired=self.repaired,
            seconds=time.monotonic() - started,
            issues=count_by_code(self.issues),
            notes=tuple(issue for issue in self.issues if issue.row is None),
        )
