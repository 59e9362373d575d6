"""Items and one item: PostGIS makes the features, this module joins their bytes and says where the next page is."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from api.etag import is_current, make_etag, not_modified
from api.links import Link, with_query
from api.ogc.ask import Asked, compile_apart, parameters_of, understand
from api.ogc.cursor import write_cursor
from api.ogc.visit import GEOJSON, HTML, JSON, Visit, public_layers, visit
from api.pool import settle
from api.services import lane_of, services_of
from api.work import LONG_PAGE, WHOLE_PAGE, Work
from spatial.errors import NotFound, Unavailable
from spatial.features import FeaturePage, FeatureQuery, count_features, read_feature, read_page, stream_features
from spatial.features.page import Reads, read_layer_version, read_version_known_at
from spatial.features.query import Begin
from spatial.layers import Layer, find_layer
from spatial.selection import LegalPeriod

LEAST_PATIENCE, MOST_PATIENCE = 0.1, 5.0
"""Seconds that a connection waits for a client that does not take its part; see `_LongPage`."""
RESUME_SECONDS = 60.0
"""Seconds that a page which has begun waits for a connection to go on with."""
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
    if query.limit > WHOLE_PAGE:
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


class _LongPage(StreamingResponse):
    """A page too long to hold, sent part by part as it is read.

    A client that stalls keeps its connection to the database only for as long as reading on by another one would cost; then the
    connection is given back, and what is left is read as of the same version once the client takes more.
    """

    def __init__(self, asked: Visit, wanted: Asked, query: FeatureQuery, *, spatial_first: bool) -> None:
        super().__init__(iter(()), media_type=GEOJSON)
        self._asked = asked
        self._wanted = wanted
        self._query = query
        self._spatial_first = spatial_first
        is_small = asked.request.scope["work"] in (Work.READ, Work.PAGE) and query.limit <= LONG_PAGE
        self._lane = asked.services.lanes[Work.PAGE if is_small else Work.LONG]

    async def stream_response(self, send: Send) -> None:
        """Send the page; `StreamingResponse` ends this when the client goes."""
        rest: FeatureQuery | None = self._query
        lead, count = _HEAD, 0
        while rest:
            await compile_apart(self._asked.services.compiling, rest, spatial_first=self._spatial_first)
            async with self._connection(is_begun=lead is not _HEAD) as connection:
                begun = monotonic()
                stream = await stream_features(connection, rest, spatial_first=self._spatial_first)
                patience = min(max(monotonic() - begun, LEAST_PATIENCE), MOST_PATIENCE)
                if lead is _HEAD:
                    await self._start(send, stream.version)
                sending = None
                async with aclosing(stream.parts()) as parts:
                    async for part in parts:
                        sending = asyncio.ensure_future(_send_part(send, lead + b",\n".join(part)))
                        lead = b",\n"
                        if not await _is_done(sending, patience):
                            break
            if sending:
                await sending
            rest = stream.rest
            count += stream.count
        matched = await _matched(self._asked, self._wanted, stream.version, count, is_last=stream.following is None)
        tail = _tail(self._asked, self._wanted, count, stream.following, matched)
        await send({"type": "http.response.body", "body": tail if count else _HEAD + tail, "more_body": False})

    @asynccontextmanager
    async def _connection(self, *, is_begun: bool) -> AsyncIterator[Reads]:
        """Lend a connection; an answer that has begun waits longer for it, since it can no longer say that the server is full."""
        latest = monotonic() + (RESUME_SECONDS if is_begun else 0)
        async with AsyncExitStack() as stack:
            while True:
                try:
                    connection = await stack.enter_async_context(self._lane.snapshot())
                    break
                except Unavailable:
                    if monotonic() >= latest:
                        raise
                    await asyncio.sleep(LEAST_PATIENCE)
            yield self._lane.in_turns(connection)

    async def _start(self, send: Send, version: int) -> None:
        self.init_headers(_headers(self._asked, self._wanted, version))
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})


async def _send_part(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _is_done(sending: "asyncio.Future[None]", seconds: float) -> bool:
    """Wait so long for something that goes on by itself; raise what it raised, and end it when this is ended."""
    try:
        done, _ = await asyncio.wait({sending}, timeout=seconds)
    except asyncio.CancelledError:
        sending.cancel()
        raise
    if done:
        sending.result()
    return bool(done)


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
