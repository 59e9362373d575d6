"""The one door for files: decides by the layer's name and by what the file is which way it goes in."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine

from ingest.dossier import is_dossier, load_dossier
from ingest.load import Progress, load_files, silent
from ingest.options import LoadOptions
from ingest.raster import load_raster
from ingest.report import LoadReport
from ingest.tables_plain import PLAIN_TABLES, find_plain_table, load_plain
from spatial.errors import NotFound, UnreadableFile
from spatial.layers import LAYERS, find_layer

_GEOTIFF = {".tif", ".tiff"}


def load(
    engine: Engine,
    name: str,
    given: Sequence[str | os.PathLike[str]],
    options: LoadOptions,
    progress: Progress = silent,
) -> Iterator[LoadReport]:
    """Load files into a layer or a table without geometry; gives one report per data set, as each is done.

    Args:
        engine: logs in as a role that may act as dothi_ingest and dothi_owner.
        name: public name of a layer (`parcels`), of a plain table (`unit_changes`), or `schema.table`.
        given: paths, folders, patterns.
        options: what the person asked for.
        progress: shows how far it is.

    Raises:
        NotFound: no such layer.
        DothiError: a file is refused, or the database stopped; what was loaded before stays.
    """
    plain = find_plain_table(name)
    if plain is not None:
        for path in _paths(given):
            yield load_plain(engine, plain, path, options)
        return
    layer = find_layer(_public_name(name))
    others: list[str | os.PathLike[str]] = []
    for item in given:
        for path in _matches(item):
            if layer.name == "plans" and is_dossier(path):
                yield load_dossier(engine, path, options, progress)
            elif layer.name == "population_grid" and path.suffix.lower() in _GEOTIFF:
                yield load_raster(engine, path, options)
            else:
                others.append(path)
    if others:
        yield from load_files(engine, layer, others, options, progress)


def _public_name(name: str) -> str:
    by_table = {layer.table_name: layer.name for layer in LAYERS}
    known = {layer.name for layer in LAYERS}
    if name in known or name in by_table:
        return by_table.get(name, name)
    tables = ", ".join(table.name for table in PLAIN_TABLES)
    raise NotFound(f"There is no layer '{name}'. Layers: {', '.join(sorted(known))}; tables: {tables}.")


def _matches(item: str | os.PathLike[str]) -> list[Path]:
    """Expand a pattern; what does not exist is left to be refused with its name."""
    path = Path(item)
    if path.exists() or not glob.has_magic(str(item)):
        return [path]
    return [Path(match) for match in sorted(glob.glob(str(item), recursive=True))] or [path]  # noqa: PTH207


def _paths(given: Sequence[str | os.PathLike[str]]) -> list[Path]:
    found = [path for item in given for path in _matches(item)]
    if folders := [path for path in found if path.is_dir()]:
        raise UnreadableFile(f"'{folders[0]}' is a folder. Name the CSV files.")
    return found
