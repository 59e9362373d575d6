"""Items and one item: PostGIS makes the features, this module joins their bytes and says where the next page is."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.etag import is_current, make_etag, not_modified
from api.lanes import Places
from api.links import Link, with_query
from api.ogc.ask import Asked, compile_apart, parameters_of, understand
from api.ogc.cursor import write_cursor
from api.ogc.visit import GEOJSON, HTML, JSON, Visit, public_layers, visit
from api.pool import settle
from api.services import lane_of, services_of
from api.work import LONG_PAGE, Work
from spatial.errors import NotFound
from spatial.features import FeaturePage, FeatureQuery, count_features, read_feature, read_page, stream_features
from spatial.features.page import FeatureStream, read_layer_version, read_version_known_at
from spatial.features.query import Begin
from spatial.layers import Layer, find_layer
from spatial.selection import LegalPeriod

HTML_ROWS = 100
"""Rows of one HTML page at most."""


async def list_items(request: Request) -> Response:
    """Give a page of features, or their number."""
    layer = find_layer(request.path_params["collection"], public_layers(services_of(request)))
    asked = visit(request, parameters_of(layer), media_type=GEOJSON)
    maximum = HTML_ROWS if asked.format == "html" else asked.services.settings.max_limit
    wanted = understand(layer, request.query_params, maximum=maximum)
    if current := await _unchanged(asked, layer, wanted):
        return current
    query = await _as_known(asked, wanted)
    if wanted.hits_only:
        await compile_apart(asked.services.compiling, query, counts=True)
        return await _count(asked, wanted, query)
    spatial_first = False
    if query.bbox and not query.sort:
        spatial_first = (await asked.services.facts.density(layer)).prefers_spatial_index(query.bbox)
    await compile_apart(asked.services.compiling, query, spatial_first=spatial_first)
    if query.limit > LONG_PAGE:
        return _LongPage(asked, wanted, query, spatial_first=spatial_first)
    async with lane_of(asked.request).connection() as connection:
        page = await read_page(connection, query, spatial_first=spatial_first)
    matched = await _matched(asked, wanted, page.version, len(page.features), is_last=page.following is None)
    if asked.format == "html":
        return _as_html(asked, wanted, page, matched)
    return Response(_body(asked, wanted, page, matched), headers=_headers(asked, wanted, page.version), media_type=GEOJSON)


async def _matched(asked: Visit, wanted: Asked, version: int, count: int, *, is_last: bool) -> int | None:
    """Say how many features match where it costs nothing: all are on this page, or it is the whole layer in force today."""
    query = wanted.query
    if is_last and query.begin is None and query.offset == 0:
        return count
    is_whole = query.bbox is None and query.condition is None and not query.equals and wanted.known_at is None
    if not is_whole or wanted.today is None:
        return None
    facts = asked.services.facts
    if query.begin is not None:
        return facts.known_count(query.layer, wanted.today, version)
    return await facts.count(query.layer, wanted.today, version)


async def _unchanged(asked: Visit, layer: Layer, wanted: Asked) -> Response | None:
    """Answer 304 without reading the table where the client's copy holds."""
    held = asked.request.headers.get("if-none-match")
    if not held:
        return None
    version = await asked.services.versions.read(layer.table_name)
    etag = _etag(asked, wanted, version)
    return not_modified(etag, _headers(asked, wanted, version)) if is_current(held, etag) else None


async def _as_known(asked: Visit, wanted: Asked) -> FeatureQuery:
    if wanted.known_at is None:
        return wanted.query
    async with lane_of(asked.request).connection() as connection:
        await settle(connection, wanted.known_at)
        version = await read_version_known_at(connection, wanted.known_at)
    return replace(wanted.query, as_of=version)


async def _count(asked: Visit, wanted: Asked, query: FeatureQuery) -> Response:
    async with lane_of(asked.request).snapshot() as connection:
        matched = await count_features(connection, query)
        version = await read_layer_version(connection, query.layer)
    document = {
        "type": "FeatureCollection",
        "features": [],
        "numberMatched": matched,
        "numberReturned": 0,
        "timeStamp": _now(),
        "links": [link.as_json() for link in asked.own_links()],
    }
    headers = {**_headers(asked, wanted, version), "OGC-NumberMatched": str(matched)}
    return asked.answer(document, "items.html", headers)


def _body(asked: Visit, wanted: Asked, page: FeaturePage, matched: int | None) -> bytes:
    """Join head, features and tail by copying them once."""
    tail = _tail(asked, wanted, len(page.features), page.following, matched)
    if not page.features:
        return _HEAD + tail
    parts = list(page.features)
    parts[0] = _HEAD + parts[0]
    parts[-1] += tail
    return b",\n".join(parts)


_HEAD = b'{"type":"FeatureCollection","features":[\n'


def _tail(asked: Visit, wanted: Asked, count: int, following: Begin | None, matched: int | None) -> bytes:
    members: dict[str, Any] = {"numberReturned": count, "timeStamp": _now()}
    if matched is not None:
        members["numberMatched"] = matched
    members["links"] = [link.as_json() for link in _links(asked, wanted, following)]
    return b"\n]," + json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()[1:]


def _links(asked: Visit, wanted: Asked, following: Begin | None) -> list[Link]:
    layer = wanted.query.layer
    links = [*asked.own_links(), Link(f"{asked.root}/collections/{layer.name}", "collection", JSON)]
    if following:
        given: dict[str, object] = {name: value for name, value in asked.request.query_params.items() if name != "offset"}
        given["cursor"] = write_cursor(layer, wanted.query.sort, following, wanted.today)
        if "limit" in given:
            given["limit"] = wanted.query.limit
        given["f"] = asked.format
        media_type = HTML if asked.format == "html" else GEOJSON
        links.append(Link(with_query(asked.here, given), "next", media_type))
    return links


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _etag(asked: Visit, wanted: Asked, version: int) -> str:
    return make_etag(wanted.query.layer.name, version, wanted.today, asked.format, asked.language, asked.root)


def _headers(asked: Visit, wanted: Asked, version: int) -> dict[str, str]:
    headers = {
        "ETag": _etag(asked, wanted, version),
        "Cache-Control": "public, no-cache",
        "Vary": "Accept, Accept-Language",
        "Content-Crs": f"<{wanted.query.crs.uri}>",
    }
    if asked.format == "html":
        headers["Content-Language"] = asked.language.value
    return headers


@dataclass
class _InTurns:
    """A cursor whose batches take turns with other heavy statements; between them the client may read as slowly as it likes."""

    cursor: Any
    turns: Places

    async def fetch(self, rows: int) -> Any:
        """Fetch the next rows; who began waits for as long as it takes."""
        async with self.turns.taken(however_long=True):
            return await self.cursor.fetch(rows)


class _LongPage(StreamingResponse):
    """A page too long to hold, sent as it is read. The connection is taken when sending begins and given back at its end."""

    def __init__(self, asked: Visit, wanted: Asked, query: FeatureQuery, *, spatial_first: bool) -> None:
        super().__init__(iter(()), media_type=GEOJSON)
        self._asked = asked
        self._wanted = wanted
        self._query = query
        self._spatial_first = spatial_first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lanes = self._asked.services.lanes
        async with lanes[Work.LONG].snapshot() as connection:
            async with lanes.turns.taken():
                stream = await stream_features(connection, self._query, spatial_first=self._spatial_first)
            stream.cursor = _InTurns(stream.cursor, lanes.turns)
            self.init_headers({**_headers(self._asked, self._wanted, stream.version)})
            async with aclosing(self._parts(stream)) as parts:
                self.body_iterator = parts
                await super().__call__(scope, receive, send)

    async def _parts(self, stream: FeatureStream) -> AsyncGenerator[bytes, None]:
        lead = _HEAD
        async with aclosing(stream.batches()) as batches:
            async for batch in batches:
                yield lead + b",\n".join(batch)
                lead = b",\n"
        if stream.count == 0:
            yield _HEAD
        matched = await _matched(self._asked, self._wanted, stream.version, stream.count, is_last=stream.following is None)
        yield _tail(self._asked, self._wanted, stream.count, stream.following, matched)


def _as_html(asked: Visit, wanted: Asked, page: FeaturePage, matched: int | None) -> Response:
    document: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [json.loads(feature) for feature in page.features],
        "numberReturned": len(page.features),
        "links": [link.as_json() for link in _links(asked, wanted, page.following)],
    }
    if matched is not None:
        document["numberMatched"] = matched
    return asked.answer(document, "items.html", _headers(asked, wanted, page.version))


async def read_item(request: Request) -> Response:
    """Give one feature by its id, in whatever legal period it is."""
    asked = visit(request, ("crs", "known_at"), media_type=GEOJSON)
    layer = asked.layer()
    given: Mapping[str, str] = {name: request.query_params[name] for name in ("crs", "known_at") if name in request.query_params}
    wanted = replace(understand(layer, given, maximum=1), today=None)
    wanted = replace(wanted, query=replace(wanted.query, period=LegalPeriod()))
    feature_id = _parse_id(layer, request.path_params["feature"])
    if current := await _unchanged(asked, layer, wanted):
        return current
    query = await _as_known(asked, wanted)
    async with lane_of(asked.request).connection() as connection:
        page = await read_feature(connection, query, feature_id)
    if not page.features:
        raise _no_feature(layer, str(feature_id))
    links = [*asked.own_links(), Link(f"{asked.root}/collections/{layer.name}", "collection", JSON)]
    headers = _headers(asked, wanted, page.version)
    feature, tail = page.features[0], {"links": [link.as_json() for link in links]}
    if asked.format == "html":
        return asked.answer({**json.loads(feature), **tail}, "item.html", headers)
    # a feature of many corners is copied, not read: reading would hold the event loop
    body = feature[:-1] + b"," + json.dumps(tail, ensure_ascii=False, separators=(",", ":")).encode()[1:]
    return Response(body, headers={**headers, "Content-Language": asked.language.value}, media_type=GEOJSON)


def _parse_id(layer: Layer, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise _no_feature(layer, text)
    return int(text)


def _no_feature(layer: Layer, shown: str) -> NotFound:
    return NotFound(
        f"Collection '{layer.name}' has no feature with id '{shown[:60]}'. By its code it is at /id/{layer.name}/CODE.",
        vi=f"Lớp '{layer.name}' không có đối tượng có id '{shown[:60]}'. Tra theo mã công khai ở /id/{layer.name}/MÃ.",
    )
