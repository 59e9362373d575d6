"""The classes of work: which request belongs to which, and what each may take. Declared here and nowhere else.

Small reads must answer whatever else is asked for, so that each class has places of its own, and what costs the processor of the
database seconds takes turns. How places are kept is told in `api.lanes`, a client's share of them in `api.shares`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from re import Pattern

from starlette.datastructures import QueryParams
from starlette.routing import compile_path
from starlette.types import Scope

WHOLE_PAGE = 500
"""Pages of more rows leave in parts, as they are read, and have places of their own."""
LONG_PAGE = 5_000
"""Pages of more rows are heavy work."""


class Work(StrEnum):
    """A class of work."""

    FREE = "free"
    """Asks no database: files, descriptions, whether the process lives."""
    HEALTH = "health"
    READ = "read"
    PAGE = "page"
    TILE = "tile"
    LOOKUP = "lookup"
    FILTER = "filter"
    LONG = "long"
    PDF = "pdf"
    RASTER = "raster"
    COUNT = "count"
    """How many features a layer has, counted once for each version of it; no request is of this class."""
    STAFF = "staff"


class Login(StrEnum):
    """The pools of connections; they differ in login and in how long a statement may take."""

    QUICK = "quick"
    SLOW = "slow"
    STAFF = "staff"


@dataclass(frozen=True)
class Allowance:
    """What a class may take in one process.

    Attributes:
        places: connections at once, where there are enough of them; of heavy classes the turns decide.
        waiting: requests that may wait for a place; one more is told to come back.
        share: requests of one client that may be under way at once.
        is_heavy: its statements take turns with those of other heavy classes, and are counted by the minute.
    """

    pool: Login
    places: int
    waiting: int
    share: int
    is_heavy: bool = False


ALLOWANCES: Mapping[Work, Allowance] = {
    Work.HEALTH: Allowance(Login.QUICK, places=1, waiting=64, share=16),
    Work.READ: Allowance(Login.QUICK, places=4, waiting=256, share=64),
    Work.PAGE: Allowance(Login.QUICK, places=3, waiting=64, share=16),
    Work.TILE: Allowance(Login.QUICK, places=2, waiting=256, share=128),
    Work.LOOKUP: Allowance(Login.QUICK, places=2, waiting=64, share=16),
    Work.FILTER: Allowance(Login.SLOW, places=1, waiting=16, share=4, is_heavy=True),
    Work.LONG: Allowance(Login.SLOW, places=4, waiting=16, share=2, is_heavy=True),
    Work.PDF: Allowance(Login.SLOW, places=1, waiting=16, share=4, is_heavy=True),
    Work.RASTER: Allowance(Login.SLOW, places=1, waiting=16, share=4, is_heavy=True),
    Work.COUNT: Allowance(Login.SLOW, places=1, waiting=64, share=64, is_heavy=True),
    Work.STAFF: Allowance(Login.STAFF, places=2, waiting=16, share=4),
}

_SMALL = frozenset(
    {
        "limit", "bbox", "bbox-crs", "crs", "datetime", "cursor", "properties", "skipGeometry", "resulttype",
        "filter-lang", "filter-crs", "f", "lang",
    }
)  # fmt: skip
"""Parameters of items with which a page is found by an index and its rows in order: small, however many rows there are."""


def work_of_items(query: QueryParams) -> Work:
    """Tell a small page from a long one, and from what may have to look at every row."""
    if query.get("resulttype") == "hits":
        return Work.FILTER
    text = query.get("limit", "")
    rows = int(text[:9]) if text.isascii() and text.isdigit() else 0
    if rows > LONG_PAGE:
        return Work.LONG
    if not _SMALL.issuperset(query):
        return Work.FILTER
    return Work.PAGE if rows > WHOLE_PAGE else Work.READ


ROUTES: Mapping[str, Work | Callable[[QueryParams], Work]] = {
    "/ogc/collections/{collection}/items": work_of_items,
    "/ogc/collections/{collection}/items/{feature}": Work.READ,
    "/ogc/collections/population_grid/coverage": Work.RASTER,
    "/ogc/collections/{collection}/tiles/{matrix_set}/{tile_matrix}/{tile_row}/{tile_col}": Work.TILE,
    "/ogc/collections/{collection}/tiles/{matrix_set}": Work.READ,
    "/ogc/collections/{collection}/tiles": Work.READ,
    "/ogc/collections/{collection}/queryables": Work.READ,
    "/ogc/collections/{collection}/sortables": Work.READ,
    "/ogc/collections/{collection}/schema": Work.READ,
    "/ogc/collections/{collection}/schema/feature": Work.READ,
    "/ogc/collections/{collection}": Work.READ,
    "/ogc/collections": Work.READ,
    "/ogc/tileMatrixSets": Work.FREE,
    "/ogc/tileMatrixSets/{matrix_set}": Work.FREE,
    "/ogc": Work.READ,
    "/ogc/": Work.READ,
    "/ogc/conformance": Work.READ,
    "/ogc/api": Work.READ,
    "/id/{layer}/{code}": Work.READ,
    "/lookup": Work.LOOKUP,
    "/lookup/extract.pdf": Work.PDF,
    "/search": Work.READ,
    "/rollups": Work.READ,
    "/rollups/{code}": Work.READ,
    "/page/config": Work.READ,
    "/health": Work.HEALTH,
    "/health/ready": Work.HEALTH,
    "/health/live": Work.FREE,
    "/metrics": Work.FREE,
    "/openapi.json": Work.FREE,
    "/docs": Work.FREE,
    "/docs/problems": Work.FREE,
    "/": Work.FREE,
    "/assets": Work.FREE,
    "/{name}": Work.FREE,
}
"""Template of a route -> its class, or what tells it from the parameters. A route that is not here asks no database."""

_PLAIN = {template: work for template, work in ROUTES.items() if "{" not in template}
_PATTERNS: tuple[tuple[Pattern[str], str], ...] = tuple(
    (compile_path(template)[0], template) for template in ROUTES if "{" in template
)


def template_of(path: str) -> str | None:
    """Give the template of the route that an address belongs to, None where it is of none."""
    if path in _PLAIN:
        return path
    return next((template for pattern, template in _PATTERNS if pattern.match(path)), None)


def work_of(scope: Scope, template: str | None) -> Work:
    """Give the class of a request to a route."""
    work = ROUTES[template] if template else Work.FREE
    return work if isinstance(work, Work) else work(QueryParams(scope["query_string"]))
