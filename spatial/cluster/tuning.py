"""The server's settings: fit for the machine's memory, safe for the data, silent about what people wrote."""

import os
import sys
from pathlib import Path

MIB = 1024 * 1024

# A log line must not repeat a statement, its values or a COPY line: they may hold an owner's name.
_NO_VALUES_IN_LOG = {
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
}

_FIXED = {
    "listen_addresses": "127.0.0.1",
    # A person has 10 at most (admin.login_connections): room for many of them beside the API's.
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
    # Who connected when, and from where.
    "log_connections": "on",
    "log_disconnections": "on",
    "logging_collector": "off",
    "client_encoding": "UTF8",
    # No standby reads this server: the small WAL form, and room for a load of a million rows between two checkpoints.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # Solid state is the rule; JIT costs more than it saves on queries of milliseconds.
    "random_page_cost": "1.1",
    "jit": "off",
    # A migration down drops every table in one transaction.
    "max_locks_per_transaction": "256",
}

# Only for data that is thrown away: a crash of the machine may leave nothing readable.
_NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "1GB",
    "min_wal_size": "80MB",
}


def server_settings(memory_bytes: int, *, durable: bool) -> dict[str, str]:
    """Derive postgresql.conf values from the memory; without `durable`, for a throwaway server next to others."""
    settings = _FIXED | _NO_VALUES_IN_LOG | _memory_settings(memory_bytes)
    if sys.platform == "linux":
        settings["effective_io_concurrency"] = "200"
    if not durable:
        settings |= _NOT_DURABLE | {"shared_buffers": "128MB", "maintenance_work_mem": "128MB"}
    return settings


def as_conf(settings: dict[str, str]) -> str:
    """Write settings as the lines of a postgresql.conf."""
    lines = ["# Written at each start; settings of your own: ALTER SYSTEM (postgresql.auto.conf)."]
    for name, value in settings.items():
        quoted = value.replace("'", "''")
        lines.append(f"{name} = '{quoted}'")
    return "\n".join(lines) + "\n"


def _memory_settings(memory_bytes: int) -> dict[str, str]:
    # An eighth, not the usual quarter: the same machine also runs the API, the loader and somebody's QGIS.
    return {
        "shared_buffers": _mebibytes(memory_bytes // 8, 128, 4096),
        "effective_cache_size": _mebibytes(memory_bytes // 2, 256, 65536),
        "work_mem": _mebibytes(memory_bytes // 512, 8, 64),
        "maintenance_work_mem": _mebibytes(memory_bytes // 16, 64, 1024),
    }


def _mebibytes(size: int, least: int, most: int) -> str:
    return f"{min(max(size // MIB, least), most)}MB"


def machine_memory() -> int:
    """Return the bytes of memory that this process may use: the machine's, or its container's if that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
    return min([total, *(limit for path in limits if (limit := _read_limit(path)))])


def _read_limit(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # not in a container, or "max"
        return None
