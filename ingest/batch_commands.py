"""`dothi batches` and `rollback` on the terminal: what was written, and how to take it back.

`dothi.py` adds them to its own commands and tells where the database is. Heavy imports wait until a command runs.
"""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ingest.rollback import Rollback

OpenEngine = Callable[[], "Engine"]

_SHOWN_BATCHES = 20


def add_batch_commands(app: typer.Typer, open_engine: OpenEngine) -> None:
    """Add the commands to the command line.

    Args:
        app: the command line.
        open_engine: gives an engine whose login may act as dothi_ingest.
    """

    @app.command()
    def batches(
        limit: Annotated[int, typer.Option("--limit", min=1, help="Số lần ghi gần nhất. / Newest batches.")] = _SHOWN_BATCHES,
        as_json: Annotated[bool, typer.Option("--json", help="Mỗi lần ghi một dòng JSON. / One line of JSON each.")] = False,
    ) -> None:
        """Liệt kê các lần ghi. / List what was written."""
        from ingest.batches import list_batches

        with open_engine().connect() as connection:
            for batch in list_batches(connection, limit):
                typer.echo(json.dumps(batch.as_json(), ensure_ascii=False) if as_json else batch.line())

    @app.command()
    def rollback(
        batch: Annotated[int, typer.Argument(help="Số của lần ghi. / Number of the batch.")],
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Xem trước, không ghi. / Only tell what would be.")] = False,
        yes: Annotated[bool, typer.Option("--yes", help="Không hỏi lại. / Ask nothing.")] = False,
    ) -> None:
        """Hoàn tác một lần ghi. / Take a batch back, as a new batch."""
        from ingest.rollback import roll_back

        engine = open_engine()
        if yes and not dry_run:
            _say(batch, roll_back(engine, batch, accept=lambda _: True))
            return
        seen = roll_back(engine, batch, dry_run=True)
        _say(batch, seen)
        if not dry_run:
            _ask()
            _say(batch, roll_back(engine, batch, accept=lambda found: (found.tables, found.left) == (seen.tables, seen.left)))


def _ask() -> None:
    """Go on if the person at the terminal says so.

    Raises:
        InvalidInput: nobody is there to be asked.
        typer.Abort: the answer is no.
    """
    from spatial.errors import InvalidInput

    if not sys.stdin.isatty():
        raise InvalidInput(
            "Nothing was done: there is no terminal to ask on. Add --yes to go on.",
            vi="Chưa làm gì: không có màn hình để hỏi lại. Thêm --yes để tiếp tục.",
        )
    typer.confirm("Tiếp tục? / Go on?", abort=True)


def _say(batch: int, found: "Rollback") -> None:
    """Tell what became, or would become, of each table."""
    from ingest.rollback import public_name

    if found.batch_id is None:
        typer.echo(f"Hoàn tác lần ghi {batch} sẽ như sau. / Taking batch {batch} back would be as follows.")
    else:
        typer.echo(
            f"Đã hoàn tác lần ghi {batch} bằng lần ghi {found.batch_id}. / Batch {batch} is taken back by {found.batch_id}."
        )
    for one in found.tables:
        typer.echo(
            f"  {public_name(one.table):<24} xóa / removed {one.removed:,}, khôi phục / restored {one.restored:,}, "
            f"đưa trở lại / brought back {one.brought_back:,}"
        )
    if found.left:
        typer.echo("Dữ liệu trỏ tới mã không còn nữa. / Rows that name codes which are no more:")
        for name, count in found.left.items():
            typer.echo(f"  {public_name(name):<24} {count:,}")
