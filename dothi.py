"""The command line: composes the rooms. Each command opens what it needs, calls one function of a room, and prints."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from ingest.batch_commands import add_batch_commands
from ingest.commands import add_commands, add_gap_commands

if TYPE_CHECKING:  # imports are inside the commands, so that `dothi --help` does not wait for GDAL
    import sqlalchemy

    from spatial.access import Urls
    from spatial.settings import Settings

SAMPLE = Path(__file__).resolve().parent / "sample_data"
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
        except (TyperException, typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            sentence = _sentence_for(error)
        typer.secho(sentence, fg=typer.colors.RED, err=True)
        raise typer.Exit(1)


_NO_SCHEMA = {"42P01", "3F000", "42883", "42703"}
"""What PostgreSQL calls a table, schema, function or column that does not exist."""


_REFUSED = ("not permitted to log in", "password authentication failed")
"""PostgreSQL's words for a login that it lets in no more; a refused connection has no code."""


def _sentence_for(error: Exception) -> str:
    """Say what a foreign error means without its own text, which may repeat a statement and a person's data in it."""
    from psycopg2 import Error, OperationalError

    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OperationalError) and any(words in str(cause) for words in _REFUSED):
        return "Cơ sở dữ liệu từ chối tài khoản này. The database refuses this login: locked, dropped, or another password."
    if isinstance(cause, OperationalError):
        return "Cơ sở dữ liệu không trả lời. The database does not answer: see `dothi db status`, or check DOTHI_DATABASE_URL."
    if isinstance(cause, Error) and cause.pgcode in _NO_SCHEMA:
        return "Cơ sở dữ liệu chưa có lược đồ hiện hành. The database lacks the present schema: run `dothi db migrate`."
    if isinstance(cause, Error) and cause.pgcode == "42501":
        return (
            "Tài khoản của bạn không có quyền làm việc này. Your login may not do this: ask an administrator (dothi user list)."
        )
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
    from spatial.access import DATABASE, embedded

    cluster = embedded(_settings())
    started = cluster.start()
    cluster.ensure_database(DATABASE)
    status = cluster.status()
    typer.echo(f"{'Đã khởi động / started' if started else 'Đang chạy / running'}: 127.0.0.1:{status.port}, {status.pgdata}")


@db.command("stop")
def db_stop() -> None:
    """Dừng máy chủ đi kèm. / Stop the embedded server."""
    from spatial.access import embedded

    stopped = embedded(_settings()).stop()
    typer.echo("Đã dừng / stopped" if stopped else "Không chạy / was not running")


@db.command("status")
def db_status() -> None:
    """Cho biết máy chủ có chạy không. / Tell whether the server runs; exit code 3 if not."""
    from spatial.access import embedded

    status = embedded(_settings()).status()
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
    from spatial.access import admin_url
    from spatial.database import migrate
    from spatial.work_login import ensure_operator

    settings = _settings()
    migrate(admin_url(settings))
    ensure_operator(settings)
    typer.echo("Lược đồ đã cập nhật / schema up to date")


@db.command("normalize")
def db_normalize() -> None:
    """Đưa hình học và diện tích đã lưu về dạng hiện hành. / Bring stored geometry and areas to their present form, as a batch."""
    from ingest.normalize import normalize

    done = normalize(_open_engine())
    for name, rows in done.changed.items():
        typer.echo(f"{name:<34}{rows:>12,}")
    for name, ids in done.left.items():
        listing = ", ".join(map(str, ids))
        typer.echo(f"{name}: nhỏ hoặc hẹp hơn 1 cm, giữ nguyên / smaller or narrower than 1 cm, left as it is: id {listing}")
    if done.batch_id is None:
        typer.echo("Không có gì phải đổi / nothing to do")
    else:
        typer.echo(f"Lần ghi {done.batch_id}; sau đó / batch {done.batch_id}; then: dothi rollup refresh")


RoleOption = Annotated[str, typer.Option("--role", help="reader | administrator")]
UserOption = Annotated[
    str | None, typer.Option("--user", help="Tài khoản của một người. / A person's login; its password is not known here.")
]
SocketOption = Annotated[bool, typer.Option("--socket", help="Qua socket. / Through the local socket.")]


@db.command("url")
def db_url(
    role: RoleOption = "reader",
    user: UserOption = None,
    socket: SocketOption = False,
    with_password: Annotated[
        bool, typer.Option("--with-password", help="Kèm mật khẩu: ai thấy cũng dùng được. / Show the password to whoever looks.")
    ] = False,
) -> None:
    """In chuỗi kết nối, không có mật khẩu. / Print the connection string for QGIS and the like, without the password."""
    from spatial.client import without_password

    url = _login_url(role, user, socket)
    typer.echo(url if with_password else without_password(url))


@app.command()
def psql(
    arguments: Annotated[list[str] | None, typer.Argument(help="Cho psql, sau --. / For psql, after --.")] = None,
    role: RoleOption = "reader",
    user: UserOption = None,
    socket: SocketOption = False,
) -> None:
    """Mở psql; mật khẩu không hiện trên dòng lệnh. / Open psql; no password stands on a command line."""
    from spatial.client import become_psql

    become_psql(_login_url(role, user, socket), arguments or [])


def _login_url(role: str, user: str | None, through_socket: bool) -> str:
    from spatial.client import Role, login_url
    from spatial.errors import InvalidInput

    if role not in list(Role):
        raise InvalidInput(
            f"There is no role {role!r} here: reader or administrator.",
            vi=f"Không có vai trò {role!r}: reader hoặc administrator.",
        )
    return login_url(_settings(), Role(role), user=user, through_socket=through_socket)


# -- users ------------------------------------------------------------------------------------------------------------------

user = typer.Typer(help="Tài khoản đăng nhập cơ sở dữ liệu. / Logins of the database.", no_args_is_help=True)
app.add_typer(user, name="user")


@user.command("add")
def user_add(
    name: str,
    role: Annotated[str, typer.Option("--role", help="reader | editor | loader | steward | auditor | administrator")] = "reader",
    territory: Annotated[
        list[str] | None, typer.Option("--territory", help="Mã tỉnh hoặc xã, có thể lặp lại. / Province or commune; may repeat.")
    ] = None,
) -> None:
    """Tạo tài khoản; mật khẩu chỉ hiện một lần. / Make a login; its password is shown once."""
    from spatial.users import create_user, parse_role

    chosen = parse_role(role)
    with _transaction() as connection:
        password = create_user(connection, name, chosen, tuple(territory or ()))
    typer.echo(f"Tài khoản / login: {name} ({chosen})\nMật khẩu / password: {password}")
    typer.echo(
        "Mật khẩu không xem lại được. / The password cannot be shown again. Kết nối / connect: dothi db url --user " + name
    )


@user.command("list")
def user_list() -> None:
    """Liệt kê tài khoản. / List the logins."""
    from spatial.users import list_users

    with _transaction() as connection:
        users = list_users(connection)
    for found in users:
        state = ["(đã khóa / locked)"] if found.is_locked else []
        typer.echo(" ".join([f"{found.name:<32}{found.role:<14}", *state, ", ".join(found.territory)]).rstrip())


@user.command("renew")
def user_renew(
    name: str,
    territory: Annotated[
        list[str] | None, typer.Option("--territory", help="Địa bàn mới, có thể lặp lại. / The new territory; may repeat.")
    ] = None,
) -> None:
    """Chốt lại ranh giới địa bàn theo đơn vị hành chính hôm nay. / Take the outlines of a territory as the units are today."""
    from spatial.users import renew_territory

    with _transaction() as connection:
        held = renew_territory(connection, name, tuple(territory or ()))
    typer.echo(f"Đã chốt lại / renewed: {name} ({', '.join(held)})")


@user.command("drop")
def user_drop(name: str) -> None:
    """Khóa, ngắt phiên rồi xóa tài khoản; nhật ký vẫn giữ. / End a login and its sessions at once; the audit stays."""
    from spatial.users import drop_user

    _lock_out(name)
    with _transaction() as connection:
        drop_user(connection, name)
    typer.echo(f"Đã xóa / dropped: {name}")


@user.command("lock")
def user_lock(name: str) -> None:
    """Khóa tài khoản và ngắt các phiên đang mở. / Let a login in no more and end its sessions, at once."""
    ended = _lock_out(name)
    typer.echo(f"Đã khóa / locked: {name}; đã ngắt {ended} phiên / {ended} sessions ended")


@user.command("unlock")
def user_unlock(name: str) -> None:
    """Mở khóa tài khoản. / Let a locked login in again."""
    from spatial.users import unlock_user

    with _transaction() as connection:
        unlock_user(connection, name)
    typer.echo(f"Đã mở khóa / unlocked: {name}")


@user.command("password")
def user_password(name: str) -> None:
    """Cấp mật khẩu mới, chỉ hiện một lần. / Give a login a new password; it is shown once."""
    from spatial.users import renew_password

    with _transaction() as connection:
        password = renew_password(connection, name)
    typer.echo(f"Tài khoản / login: {name}\nMật khẩu / password: {password}")


def _lock_out(name: str) -> int:
    """Lock a login, and once that holds end its sessions."""
    from spatial.users import end_sessions, lock_user

    with _transaction() as connection:
        lock_user(connection, name)
    with _transaction() as connection:
        return end_sessions(connection, name)


# -- figures ----------------------------------------------------------------------------------------------------------------

_NOTES_SHOWN = 20
rollup = typer.Typer(help="Số liệu tổng hợp theo cấp. / Figures by tier.", no_args_is_help=True)
app.add_typer(rollup, name="rollup")


@rollup.command("refresh")
def rollup_refresh(
    everything: Annotated[bool, typer.Option("--all", help="Tính lại tất cả. / Compute everything, changed or not.")] = False,
) -> None:
    """Tính lại số liệu của các xã có thay đổi. / Compute the figures of communes that changed, and add up."""
    from spatial.plan_events import apply_due_events
    from spatial.rollup import refresh

    with _transaction("dothi_ingest") as connection:
        apply_due_events(connection)
        report = refresh(connection, everything=everything)
    for name, communes in report.communes.items():
        typer.echo(f"{name:<14}{'tất cả / all' if communes is None else f'{communes} xã / communes'}")
    typer.echo(f"{report.values} giá trị / values, {report.legal_date:%d/%m/%Y}, phiên bản / version {report.data_version}")
    for note in report.notes[:_NOTES_SHOWN]:
        typer.echo(f"! {note.sentence.vi}\n  {note.sentence.en}")
    if len(report.notes) > _NOTES_SHOWN:
        typer.echo(f"! ... {len(report.notes)} ghi chú / notes: GET /rollups/CODE, rollup.note")


@rollup.command("show")
def rollup_show(
    indicator: Annotated[str | None, typer.Argument(help="Mã chỉ tiêu; trống: danh sách. / Code; empty: list.")] = None,
    level: Annotated[str, typer.Option(help="nation, region, province, city, commune")] = "province",
    period: Annotated[str | None, typer.Option(help="Năm. / Year.")] = None,
    parent: Annotated[str | None, typer.Option(help="Chỉ dưới đơn vị này. / Only below this unit.")] = None,
) -> None:
    """Xem số liệu theo cấp. / Show the figures of a tier, or the list of indicators."""
    import asyncio

    for line in asyncio.run(_figure_lines(indicator, level, period, parent)):
        typer.echo(line)


async def _figure_lines(indicator: str | None, level: str, period: str | None, parent: str | None) -> list[str]:
    import asyncpg

    from spatial.rollup import list_indicators, parse_level, read_figures, write_number
    from spatial.selection import legal_today
    from spatial.work_login import work_url

    today = legal_today()
    connection = await asyncpg.connect(work_url(_settings()))
    try:
        if indicator is None:
            found = await list_indicators(connection, today)
            return [
                f"{item.code:<26}{item.unit.vi:<14}{item.best_period or '-':<6}{item.title.vi} / {item.title.en}"
                for item in found
            ]
        table = await read_figures(
            connection, indicator, level=parse_level(level), period=period, parent=parent, legal_date=today
        )
    finally:
        await connection.close()
    head = f"{table.indicator.title.vi} ({table.indicator.unit.vi}), {table.period or '-'}, {table.computed_at or '-'}"
    stale = ["Cần tính lại / out of date: dothi rollup refresh"] if table.indicator.is_stale else []
    rows = (
        f"{row.code:<16}{'-' if row.value is None else write_number(row.value):>22}  {_percent(row.coverage):>7}  {row.name.vi}"
        for row in table.figures
    )
    return [head, *stale, *rows, *(note.vi for note in table.notes)]


def _percent(share: float | None) -> str:
    """Write a share in percent; what is neither all nor nothing never reads as 100 % or 0 %."""
    if share is None:
        return ""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"


# -- files in and out -----------------------------------------------------------------------------------------------------


def _open_engine() -> "sqlalchemy.Engine":
    from spatial.database import open_engine
    from spatial.work_login import work_url

    return open_engine(work_url(_settings()))


add_commands(app, _open_engine)
add_gap_commands(app, _open_engine)
add_batch_commands(app, _open_engine)


# -- serving --------------------------------------------------------------------------------------------------------------

Host = Annotated[str | None, typer.Option("--host", help="Địa chỉ. / Address to listen on (DOTHI_HOST).")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Cổng. / Port to listen on (DOTHI_PORT).")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, max=64, help="Số tiến trình. / Processes (DOTHI_WORKERS).")]


@app.command()
def serve(host: Host = None, port: Port = None, workers: Workers = None) -> None:
    """Chạy máy chủ web. / Serve the page, the OGC API, lookup and figures."""
    from spatial.access import running_database

    settings = _settings(host=host, port=port, workers=workers)
    _require_free_port(settings)
    with running_database(settings, on_left_running=_say_left_running) as urls:
        _serve(settings, urls)


@app.command()
def demo(
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Rồi chạy máy chủ web. / Then serve.")] = True,
) -> None:
    """Chạy thử với dữ liệu mẫu. / Set the database up, load the sample data, and serve."""
    from spatial.access import running_database

    settings = _settings(host=host, port=port, workers=workers)
    if not serving:
        _set_up_sample(settings)
        return
    _require_free_port(settings)
    with running_database(settings, on_left_running=_say_left_running) as urls:
        _set_up_sample(settings)
        _serve(settings, urls)


def _set_up_sample(settings: "Settings") -> None:
    """Bring the database to where the page has something to show; what is done already is skipped."""
    from ingest.manifest import load_manifest
    from spatial.access import admin_url
    from spatial.database import migrate, open_engine
    from spatial.rollup import refresh
    from spatial.work_login import ensure_operator, work_url

    with _timed("Lược đồ / schema"):
        migrate(admin_url(settings))
        ensure_operator(settings)
    with _timed("Dữ liệu mẫu / sample data"):
        engine = open_engine(work_url(settings), application_name="dothi demo")
        load_manifest(engine, SAMPLE / "manifest.json", lambda report: typer.echo(f"  {report.layer}: {report.rows_in:,}"))
        engine.dispose()
    with _timed("Số liệu / figures"), _transaction("dothi_ingest") as connection:
        refresh(connection)


def _require_free_port(settings: "Settings") -> None:
    """Refuse a taken port now rather than after a minute of loading."""
    from api.serve import bind

    bind(settings.host, settings.port).close()


def _serve(settings: "Settings", urls: "Urls") -> None:
    from api.serve import serve

    with suppress(KeyboardInterrupt):  # Ctrl-C is how one ends it
        serve(
            settings,
            database_url=urls.api,
            staff_database_url=urls.staff,
            database_note=urls.note,
            on_ready=lambda url: typer.echo(f"dothi: {url}"),
        )


def _say_left_running(clients: int) -> None:
    typer.echo(
        f"Cơ sở dữ liệu vẫn chạy, còn {clients} kết nối (`dothi db stop` để dừng). / The database stays up: others use it."
    )


# -- what commands share --------------------------------------------------------------------------------------------------


def _settings(**options: object) -> "Settings":
    """Read the environment; options that were given win."""
    from pydantic import ValidationError

    from spatial.errors import InvalidInput
    from spatial.settings import Settings

    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "DOTHI_" + "_".join(map(str, first["loc"])).upper()
        raise InvalidInput(
            f"The setting {name}={first.get('input')!r} is wrong: {first['msg']}.",
            vi=f"Thiết lập {name}={first.get('input')!r} không hợp lệ.",
        ) from error


@contextmanager
def _timed(step: str) -> Iterator[None]:
    """Say how long a step took."""
    begin = time.monotonic()
    yield
    typer.echo(f"{step}: {time.monotonic() - begin:.1f} s")


@contextmanager
def _transaction(role: str | None = None) -> Iterator["sqlalchemy.Connection"]:
    """Open one transaction, acting as `role` (dothi_ingest) or else as administrator; it commits when the block ends well."""
    from sqlalchemy import text

    from spatial.access import admin_url
    from spatial.database import open_engine
    from spatial.work_login import work_url

    url = work_url(_settings()) if role else admin_url(_settings())
    with open_engine(url).begin() as connection:
        if role:
            connection.execute(text("SELECT set_config('role', :role, true)"), {"role": role})
        yield connection


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
