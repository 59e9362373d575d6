"""The one reader of the environment: a frozen Settings object, made once by the command line or by a test."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, IPvAnyNetwork, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Everything that may differ between two installations; each field is `DOTHI_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix="DOTHI_", frozen=True, extra="forbid")

    database_url: str | None = Field(
        default=None,
        description="PostgreSQL URL of a server of your own, as a login that may create roles; empty: the embedded server.",
    )
    api_database_url: str | None = Field(
        default=None,
        description="URL that the API logs in with, a member of dothi_public only; empty: the embedded server's own.",
    )
    data_dir: Path = Field(default=Path(".dothi"), description="Folder of the embedded server and of all local state.")
    host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port the server listens on.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that serve HTTP.")
    base_url: str | None = Field(
        default=None, description="Public address (https://...) used in links; empty: the request's own, if its host is allowed."
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("127.0.0.1", "localhost", "[::1]"),
        description="Host names the server answers to, separated by commas; `*` allows any.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("*",), description="Origins that may read the API from a browser, separated by commas."
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        default=(ip_network("127.0.0.1"), ip_network("::1")),
        description="Addresses or networks of reverse proxies, separated by commas: their X-Forwarded-* headers are believed.",
    )
    max_connections: int = Field(default=2_000, ge=1, description="Connections of clients per process, all together.")
    connections_per_address: int = Field(
        default=100, ge=1, description="Connections per process from one address (IPv6: one /64) that is no trusted proxy."
    )
    header_bytes: int = Field(default=32_768, ge=4_096, description="Longest head of a request: its address and its headers.")
    header_seconds: float = Field(default=10, gt=0, description="Longest time in which the head of a request must be here.")
    body_bytes: int = Field(default=1_000_000, ge=0, description="Longest body of a request.")
    body_seconds: float = Field(default=30, gt=0, description="Longest time in which the body of a request must be here.")
    stall_seconds: float = Field(default=20, gt=0, description="Longest time in which a client may take nothing of its answer.")
    idle_seconds: int = Field(default=30, ge=1, description="Longest time between two requests of one connection.")
    unsent_mb: int = Field(
        default=64,
        ge=1,
        description="Memory per process for answers that clients do not take, in megabytes; the slowest are cut off.",
    )
    connections: int = Field(
        default=40,
        ge=8,
        le=1000,
        description="Database connections of all processes together, at most; each class of work has its part.",
    )
    tile_cache_mb: int = Field(default=64, ge=0, description="Memory per process for vector tiles, in megabytes; 0: none kept.")
    statement_timeout_ms: int = Field(default=10_000, ge=100, description="Longest database statement of a public request.")
    filter_timeout_ms: int = Field(
        default=3_000, ge=100, description="Longest statement of a request with a filter, an order of its own, or that counts."
    )
    heavy_per_minute: int = Field(
        default=600,
        ge=0,
        description="Filters, long pages, PDFs and rasters that one client may ask for in a minute; 0: any number.",
    )
    max_limit: int = Field(default=10_000, ge=1, description="Largest `limit` of one page of features.")
    lookup_horizon_days: int = Field(
        default=366, ge=0, le=36_500, description="Days ahead of today beyond which the lookup proves nothing: plans may change."
    )
    basemap_url: str | None = Field(
        default=None, description="Raster tile URL template ({z}/{x}/{y}) for a base map; empty: none, nothing leaves the server."
    )
    basemap_attribution: str | None = Field(default=None, description="Attribution shown with the base map.")
    metrics_token: str | None = Field(
        default=None, min_length=16, description="Bearer token that /metrics asks for; empty: only this machine is answered."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level that is logged.")
    trial_data: Path | None = Field(default=None, description="Folder of real files for tests; empty: ../shared/data if there.")

    @field_validator("allowed_hosts", "cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
