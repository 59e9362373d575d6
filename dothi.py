"""The command line: composes the rooms. Each command opens what it needs, calls one function of a room, and prints."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

if TYPE_CHECKING:  # imports are inside the commands, so that `dothi --help` does not wait for GDAL
    from spatial.cluster import Cluster
    from spatial.settings import Settings

DATABASE = "dothi"
NOT_RUNNING = 3  # as pg_ctl and systemctl say it


class Sentences(TyperGroup):
    """Turns what goes wrong into one sentence on stderr and exit code 1, never a traceback (unless --debug asks for it)."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        from spatial.errors import DothiError

        try:
            return super().invoke(ctx)
        except DothiError as error:
            sentence = "\n".join(filter(None, (error.vi, str(error))))
        except (TyperException, typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            sentence = _sentence_for(error)
        typer.secho(sentence, fg=typer.colors.RED, err=True)
        raise typer.Exit(1)


def _sentence_for(error: Exception) -> str:
    """Say what a foreign error means without its own text, which may repeat a statement and a person's data in it."""
    from psycopg2 import Error, OperationalError

    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OperationalError):
        return "Cơ sở dữ liệu không trả lời. The database does not answer: see `dothi db status`, or check DOTHI_DATABASE_URL."
    kind = f"{type(cause).__name__} {cause.pgcode}" if isinstance(cause, Error) else type(error).__name__
    return f"Lỗi ngoài dự kiến. Unexpected error ({kind}); `dothi --debug ...` shows where."


app = typer.Typer(
    name="dothi",
    cls=Sentences,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="Máy chủ cơ sở dữ liệu. / The database server.", no_args_is_help=True)
app.add_typer(db, name="db")


@app.callback()
def options(debug: Annotated[bool, typer.Option("--debug", help="Cho xem chi tiết lỗi. / Show tracebacks.")] = False) -> None:
    """Nền tảng dữ liệu không gian đô thị. / Urban spatial data platform."""


# -- the database ---------------------------------------------------------------------------------------------------------


@db.command("start")
def db_start() -> None:
    """Khởi động máy chủ đi kèm. / Start the embedded server and make its database."""
    cluster = _embedded(_settings())
    started = cluster.start()
    cluster.ensure_database(DATABASE)
    status = cluster.status()
    typer.echo(f"{'Đã khởi động / started' if started else 'Đang chạy / running'}: 127.0.0.1:{status.port}, {status.pgdata}")


@db.command("stop")
def db_stop() -> None:
    """Dừng máy chủ đi kèm. / Stop the embedded server."""
    stopped = _embedded(_settings()).stop()
    typer.echo("Đã dừng / stopped" if stopped else "Không chạy / was not running")


@db.command("status")
def db_status() -> None:
    """Cho biết máy chủ có chạy không. / Tell whether the server runs; exit code 3 if not."""
    status = _embedded(_settings()).status()
    typer.echo(f"{'Đang chạy / running' if status.running else 'Không chạy / not running'}")
    for name, value in (
        ("PostgreSQL", status.major),
        ("pid", status.pid),
        ("port", status.port),
        ("data", status.pgdata),
        ("socket", status.socket_folder),
        ("log", status.log),
    ):
        typer.echo(f"{name:<11}{'-' if value is None else value}")
    if not status.running:
        raise typer.Exit(NOT_RUNNING)


@db.command("migrate")
def db_migrate() -> None:
    """Tạo hoặc nâng cấp lược đồ. / Create or upgrade the schema."""
    from spatial.database import migrate

    migrate(_admin_url(_settings()))
    typer.echo("Lược đồ đã cập nhật / schema up to date")


@db.command("url")
def db_url(
    user: Annotated[
        str | None, typer.Option("--user", help="Tên đăng nhập. / Login name; a person's password is not known here.")
    ] = None,
    socket: Annotated[bool, typer.Option("--socket", help="Qua socket. / Through the local socket.")] = False,
) -> None:
    """In chuỗi kết nối. / Print the connection string, for psql and QGIS."""
    settings = _settings()
    if settings.database_url:
        typer.echo(_url_of_user(settings.database_url, user))
    else:
        typer.echo(_embedded(settings).url(DATABASE, user or "postgres", through_socket=socket))


# -- what commands share --------------------------------------------------------------------------------------------------


def _settings() -> "Settings":
    from pydantic import ValidationError

    from spatial.errors import InvalidInput
    from spatial.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "DOTHI_" + "_".join(map(str, first["loc"])).upper()
        raise InvalidInput(
            f"The setting {name}={first.get('input')!r} is wrong: {first['msg']}.",
            vi=f"Thiết lập {name}={first.get('input')!r} không hợp lệ.",
        ) from error


def _embedded(settings: "Settings") -> "Cluster":
    from spatial.cluster import Cluster
    from spatial.errors import InvalidInput

    if settings.database_url:
        raise InvalidInput(
            "DOTHI_DATABASE_URL names a server of your own: dothi neither starts nor stops it. Unset it to use the embedded one.",
            vi="DOTHI_DATABASE_URL trỏ tới máy chủ của bạn: dothi không khởi động hay dừng máy chủ đó. Bỏ biến này để dùng máy "
            "chủ đi kèm.",
        )
    return Cluster(settings.data_dir)


def _admin_url(settings: "Settings") -> str:
    """Return the administrator's URL; the embedded server is started, and left running, if need be."""
    if settings.database_url:
        return settings.database_url
    cluster = _embedded(settings)
    cluster.start()
    cluster.ensure_database(DATABASE)
    return cluster.url(DATABASE)


def _url_of_user(url: str, user: str | None) -> str:
    from sqlalchemy import make_url

    parsed = make_url(url).set(drivername="postgresql")
    if user is not None and user != parsed.username:
        parsed = parsed.set(username=user, password="")
    return parsed.render_as_string(hide_password=False)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
