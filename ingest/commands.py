"""`dothi load` and `export` on the terminal: options in, sentences and reports out.

`dothi.py` adds them to its own commands and tells where the database is. Heavy imports wait until a command runs.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Engine

    from ingest.load import Progress
    from ingest.options import CompleteFor
    from spatial.errors import DothiError

OpenEngine = Callable[[], "Engine"]

_STEPS = {
    "read": "Đọc / reading",
    "stage": "Kiểm tra / checking",
    "publish": "Công bố / publishing",
    "wait": "Đợi lần nạp khác / waiting for another load",
}


def add_commands(app: typer.Typer, open_engine: OpenEngine) -> None:
    """Add the commands to the command line.

    Args:
        app: the command line.
        open_engine: gives an engine whose login may act as dothi_ingest.
    """

    @app.command()
    def load(
        layer: Annotated[str, typer.Argument(help="Lớp dữ liệu, ví dụ parcels. / Layer, e.g. parcels.")],
        files: Annotated[list[str], typer.Argument(help="Tệp, thư mục hoặc mẫu tên. / Files, folders or patterns.")],
        valid_from: Annotated[
            str | None,
            typer.Option(
                "--valid-from", help="Có hiệu lực từ ngày (2025-12-31, 31/12/2025). / In force from; empty: corrections."
            ),
        ] = None,
        complete_for: Annotated[
            str | None,
            typer.Option("--complete-for", help="sheet | commune: thửa không có trong tệp hết hiệu lực. / what lacks ends."),
        ] = None,
        crs: Annotated[str | None, typer.Option("--crs", help="Hệ tọa độ của tệp: EPSG:9210. / CRS of the file.")] = None,
        commune: Annotated[str | None, typer.Option("--commune", help="Mã xã của mọi dòng. / Commune of all rows.")] = None,
        profile: Annotated[str | None, typer.Option("--profile", help="Bộ tên cột. / Profile of the alias table.")] = None,
        source: Annotated[str | None, typer.Option("--source", help="Mã nguồn dữ liệu. / Code of the source.")] = None,
        values: Annotated[
            list[str] | None, typer.Option("--set", help="cột=giá trị cho mọi dòng. / column=value for all rows.")
        ] = None,
        file_layer: Annotated[
            str | None, typer.Option("--file-layer", help="Lớp trong tệp nhiều lớp. / Layer of a file with several.")
        ] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Chạy thử, không ghi. / Report only, write nothing.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Mỗi tệp một dòng JSON. / One line of JSON per file.")] = False,
    ) -> None:
        """Nạp tệp vào một lớp dữ liệu. / Load files into a layer."""
        from ingest.given import require_paths

        require_paths(files)
        from rich.console import Console

        from ingest.door import load_each
        from ingest.options import LoadOptions
        from ingest.report import print_report

        options = LoadOptions(
            valid_from=_valid_from(valid_from),
            complete_for=_complete_for(complete_for),
            srid=_srid(crs),
            commune=commune,
            profile=profile,
            source=source,
            values=_values(values or []),
            file_layer=file_layer,
            dry_run=dry_run,
        )
        refused: list[Path] = []

        def say_refused(path: Path, error: "DothiError") -> None:
            refused.append(path)
            typer.secho("\n".join(filter(None, (f"{path}:", error.vi, str(error)))), fg=typer.colors.RED, err=True)

        with _progress(quiet=as_json) as progress:
            for report in load_each(open_engine(), layer, files, options, say_refused, progress):
                if as_json:
                    typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
                else:
                    print_report(report, Console())
        if refused:
            summary = f"Không nạp được {len(refused)} tệp, xem ở trên. / {len(refused)} files were refused, see above."
            typer.secho(summary, fg=typer.colors.RED, err=True)
            raise typer.Exit(1)

    @app.command()
    def export(
        layer: Annotated[str, typer.Argument(help="Lớp dữ liệu. / Layer.")],
        file: Annotated[Path, typer.Argument(help="Tệp .gpkg, .geojson, .fgb, .parquet hoặc .csv. / File to write.")],
        all_periods: Annotated[
            bool, typer.Option("--all-periods", help="Mọi thời kỳ, không chỉ hiện nay. / All legal periods, not today's.")
        ] = False,
    ) -> None:
        """Xuất một lớp ra tệp. / Write a layer to a file."""
        from ingest.export import export_layer
        from spatial.layers import find_layer

        with open_engine().connect() as connection:
            count = export_layer(connection, find_layer(layer), file, all_periods=all_periods)
        typer.echo(f"{file}: {count:,} dòng / rows")


def add_gap_commands(app: typer.Typer, open_engine: OpenEngine) -> None:
    """Add `dothi gaps`: what is missing of the plans, and a person's word that it is not."""

    @app.command()
    def gaps(
        close: Annotated[
            int | None, typer.Option("--close", help="Lần ghi có phần thiếu nay coi là đủ. / Batch whose gaps are none.")
        ] = None,
        plan: Annotated[str | None, typer.Option("--plan", help="Chỉ đồ án này. / Of this plan only.")] = None,
        reason: Annotated[str | None, typer.Option("--reason", help="Lý do, bắt buộc với --close. / Why; with --close.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Mỗi dòng một JSON. / One line of JSON each.")] = False,
    ) -> None:
        """Liệt kê phần quy hoạch còn thiếu. / List the ground where plan content was removed or could not be loaded."""
        from ingest.content_gaps import close_gaps, list_gaps
        from spatial.errors import InvalidInput

        if close is not None:
            if not (reason or "").strip():
                raise InvalidInput(
                    "Say why nothing is missing: --reason TEXT. It is kept with the write.",
                    vi="Hãy ghi lý do vì sao không còn thiếu: --reason NỘI DUNG. Lý do được lưu cùng lần ghi.",
                )
            count = close_gaps(open_engine(), close, plan, str(reason).strip())
            typer.echo(f"Đã xóa {count} phần thiếu của lần ghi {close}. / {count} gaps of batch {close} are closed.")
            return
        with open_engine().connect() as connection:
            for line in list_gaps(connection):
                typer.echo(json.dumps(line.as_json(), ensure_ascii=False) if as_json else line.line())


def _valid_from(text: str | None) -> "date | None":
    """Read the date; one that was not written in the international way is said again, so that a slip is seen."""
    from ingest.given import read_date_option

    if text is None:
        return None
    found = read_date_option("--valid-from", text)
    if found.isoformat() != text.strip():
        typer.echo(f"Có hiệu lực từ / in force from: {found.isoformat()}", err=True)
    return found


def _complete_for(text: str | None) -> "CompleteFor | None":
    from ingest.options import CompleteFor
    from spatial.errors import InvalidInput

    try:
        return CompleteFor(text) if text else None
    except ValueError:
        raise InvalidInput(f"--complete-for takes sheet or commune, not '{text}'.") from None


def _srid(text: str | None) -> int | None:
    from spatial.errors import UnknownCrs

    if text is None:
        return None
    code = text.upper().removeprefix("EPSG:")
    if not code.isdigit():
        raise UnknownCrs(f"--crs takes an EPSG code such as EPSG:9210, not '{text}'.")
    return int(code)


def _values(pairs: list[str]) -> dict[str, str]:
    from spatial.errors import InvalidInput

    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise InvalidInput(f"--set takes column=value, not '{wrong[0]}'.")
    return {name.strip(): value.strip() for name, value in (pair.split("=", 1) for pair in pairs)}


@contextmanager
def _progress(*, quiet: bool) -> "Iterator[Progress]":
    """Show a bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ingest.load import silent

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(step: str, done: int, total: int | None) -> None:
            bar.update(task, description=_STEPS.get(step, step), completed=done, total=total)

        yield show
