"""A list of loads in a file, for `dothi demo`: sources first, then each file through the same door. Twice changes nothing."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from ingest.connect import connected, loading
from ingest.door import load
from ingest.dossier import is_dossier, open_dossier
from ingest.files import open_sources
from ingest.load import Progress, silent
from ingest.options import LoadOptions
from ingest.report import LoadReport
from spatial.errors import UnreadableFile
from spatial.tables import Batch, Source


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ManifestOptions(_Strict):
    """Options of one load, as `LoadOptions`."""

    valid_from: date | None = None
    profile: str | None = None
    commune: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    file_layer: str | None = None


class ManifestLoad(_Strict):
    """One file and where it goes."""

    layer: str
    file: str
    rows: int
    source: str | None = None
    options: ManifestOptions = ManifestOptions()
    expected: dict[str, Any] = Field(default_factory=dict)


class Manifest(_Strict):
    """The whole list."""

    sources: tuple[dict[str, Any], ...] = ()
    loads: tuple[ManifestLoad, ...]


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        UnreadableFile: it is missing or wrong; says where.
    """
    try:
        return Manifest.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UnreadableFile(f"'{path}' cannot be read: {error.strerror}.") from None
    except (ValueError, ValidationError) as error:
        raise UnreadableFile(f"'{path}' is no manifest: {str(error).splitlines()[0]}.") from None


def load_manifest(
    engine: Engine,
    path: Path,
    on_report: Callable[[LoadReport], None] = lambda _: None,
    progress: Progress = silent,
) -> list[LoadReport]:
    """Load what the manifest lists and the database does not have yet.

    A file whose very bytes were loaded into the layer before, and not rolled back, is passed over without reading it.

    Args:
        engine: logs in as a role that may act as dothi_ingest and dothi_owner.
        path: the manifest; its files are relative to it.
        on_report: called after each file.
        progress: shows how far the file at work is.
    """
    manifest = read_manifest(path)
    _store_sources(engine, manifest)
    reports: list[LoadReport] = []
    for item in manifest.loads:
        file = path.parent / item.file
        if _is_loaded(engine, item, file):
            continue
        given = LoadOptions(
            valid_from=item.options.valid_from,
            profile=item.options.profile,
            commune=item.options.commune,
            values=item.options.values,
            file_layer=item.options.file_layer,
            source=item.source,
            below=path.parent,
        )
        for report in load(engine, item.layer, [file], given, progress):
            reports.append(report)
            on_report(report)
    return reports


def _store_sources(engine: Engine, manifest: Manifest) -> None:
    if not manifest.sources:
        return
    statement = insert(Source).values([dict(source) for source in manifest.sources])
    names = {name for source in manifest.sources for name in source} - {"code"}
    with loading(engine) as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["code"], set_={name: statement.excluded[name] for name in names})
        )


def _is_loaded(engine: Engine, item: ManifestLoad, file: Path) -> bool:
    """Say whether every data set of the file was loaded into this layer, from the same layer of the file, and stands."""
    hashes = _hashes(file)
    with connected(engine) as connection:
        reverted = select(Batch.reverts_batch_id).where(Batch.reverts_batch_id.is_not(None))
        loaded = select(func.count(Batch.file_sha256.distinct())).where(
            Batch.kind == "load",
            Batch.layer == item.layer,
            Batch.options["file_layer"].astext.is_not_distinct_from(item.options.file_layer),
            Batch.file_sha256.in_(hashes),
            Batch.committed_at.is_not(None),
            Batch.quarantined < Batch.rows_in,
            Batch.id.not_in(reverted),
        )
        return bool(hashes) and connection.scalar(loaded) == len(hashes)


def _hashes(file: Path) -> set[str]:
    import hashlib

    if file.suffix.lower() in (".csv", ".tif", ".tiff"):
        return {hashlib.sha256(file.read_bytes()).hexdigest()} if file.is_file() else set()
    if is_dossier(file):
        with open_dossier(file) as dossier:
            return {dossier.sha256}
    with open_sources([file]) as sources:
        return {source.sha256 for source in sources}
