"""The one door for files: decides by the layer's name and by what the file is which way it goes in."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, select

from ingest.connect import connected
from ingest.dossier import is_dossier, load_dossier
from ingest.files import find_paths
from ingest.given import matches, root_of
from ingest.load import Progress, load_files, silent
from ingest.options import LoadOptions
from ingest.raster import load_raster
from ingest.report import LoadReport
from ingest.tables_plain import PLAIN_TABLES, find_plain_table, load_plain
from spatial.errors import DothiError, InvalidInput, NotFound, UnknownCrs, UnreadableFile
from spatial.layers import LAYERS, find_layer
from spatial.tables import Source, Unit

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
    _check_options(engine, options)
    plain = find_plain_table(name)
    if plain is not None:
        for item in given:
            for path in _tables(item):
                yield load_plain(engine, plain, path, _named_from(item, options))
        return
    layer = find_layer(_public_name(name))
    if layer.name == "parcels" and options.values:
        raise InvalidInput(
            f"--set {', '.join(options.values)} is not offered for parcels: each states its own values. Use --commune for the "
            "commune and --valid-from for the date.",
            vi="Không dùng --set cho thửa đất: mỗi thửa có giá trị riêng. Dùng --commune cho mã xã, --valid-from cho ngày.",
        )
    for item in given:
        named = _named_from(item, options)
        for path in matches(item):
            if layer.name == "plans" and is_dossier(path):
                yield load_dossier(engine, path, named, progress)
            elif layer.name == "population_grid" and path.suffix.lower() in _GEOTIFF:
                yield load_raster(engine, path, named)
            else:
                yield from load_files(engine, layer, [path], named, progress)


def load_each(
    engine: Engine,
    name: str,
    given: Sequence[str | os.PathLike[str]],
    options: LoadOptions,
    on_refused: Callable[[Path, DothiError], None],
    progress: Progress = silent,
) -> Iterator[LoadReport]:
    """Load every file by itself, so that one that cannot be read keeps none of the others out.

    Args:
        engine: as for `load`.
        name: as for `load`.
        given: as for `load`.
        options: as for `load`.
        on_refused: told each file that was refused, and why; a file given alone raises instead.
        progress: as for `load`.

    Raises:
        DothiError: as `load`, for what is not the matter of one file.
    """
    files = _separate(name, given)
    for path, item in files.items():
        try:
            yield from load(engine, name, [path], _named_from(item, options), progress)
        except (UnreadableFile, UnknownCrs) as error:
            if len(files) == 1:
                raise
            on_refused(path, error)


def _separate(name: str, given: Sequence[str | os.PathLike[str]]) -> dict[Path, str | os.PathLike[str]]:
    """Expand folders and patterns into files, each once, with what was given; a dossier's folder is one thing."""
    found: dict[Path, str | os.PathLike[str]] = {}
    is_plain = find_plain_table(name) is not None
    is_plans = not is_plain and _public_name(name) == "plans"
    for item in given:
        for path in _tables(item) if is_plain else matches(item):
            whole = is_plain or (is_plans and path.is_dir() and is_dossier(path))
            found.update(dict.fromkeys([path] if whole else find_paths([path]), item))
    return found


def _named_from(item: str | os.PathLike[str], options: LoadOptions) -> LoadOptions:
    return options if options.below is not None else replace(options, below=root_of(item))


def _check_options(engine: Engine, options: LoadOptions) -> None:
    """Refuse codes that name nothing, before a file is read: a typing error there would be kept as provenance, or do nothing."""
    with connected(engine) as connection:
        if options.source is not None:
            known = list(connection.scalars(select(Source.code).order_by(Source.code)))
            if options.source not in known:
                raise InvalidInput(
                    f"--source names no known source: '{options.source}'. Known: {', '.join(known) or 'none'}. Load new "
                    "ones from a CSV: dothi load sources FILE.",
                    vi=f"Không có nguồn dữ liệu '{options.source}'. Thêm nguồn mới bằng: dothi load sources TỆP.csv.",
                )
        units = select(Unit.code).where(Unit.level == "commune")
        if options.commune is not None and not connection.scalar(select(units.where(Unit.code == options.commune).exists())):
            raise InvalidInput(
                f"--commune names no known commune: '{options.commune}'. Load admin_units first, or correct the code.",
                vi=f"Không có xã nào mang mã '{options.commune}'. Hãy nạp admin_units trước, hoặc sửa mã.",
            )


def _public_name(name: str) -> str:
    by_table = {layer.table_name: layer.name for layer in LAYERS}
    known = {layer.name for layer in LAYERS}
    if name in known or name in by_table:
        return by_table.get(name, name)
    tables = ", ".join(table.name for table in PLAIN_TABLES)
    raise NotFound(f"There is no layer '{name}'. Layers: {', '.join(sorted(known))}; tables: {tables}.")


def _tables(item: str | os.PathLike[str]) -> list[Path]:
    found = matches(item)
    if folders := [path for path in found if path.is_dir()]:
        raise UnreadableFile(
            f"'{folders[0]}' is a folder. Name the CSV files.", vi=f"'{folders[0]}' là thư mục. Hãy ghi rõ các tệp CSV."
        )
    return found
