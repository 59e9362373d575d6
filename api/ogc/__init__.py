"""OGC API Features, parts 1, 2, 3 and 5, at /ogc: routes only; each module beside makes one kind of answer."""

from fastapi import APIRouter

from api.middleware import named
from api.ogc.collections import list_collections, read_collection
from api.ogc.identity import resolve
from api.ogc.items import list_items, read_item
from api.ogc.landing import read_conformance, read_landing
from api.ogc.openapi import read_api
from api.ogc.schemas import read_feature_schema, read_queryables, read_schema, read_sortables

router = APIRouter(include_in_schema=False)
for path, endpoint in (
    # routes are tried in this order: what is asked for most comes first
    ("/ogc/collections/{collection}/items", list_items),
    ("/ogc", read_landing),
    ("/ogc/", read_landing),
    ("/ogc/conformance", read_conformance),
    ("/ogc/api", read_api),
    ("/ogc/collections", list_collections),
    ("/ogc/collections/{collection}", read_collection),
    ("/ogc/collections/{collection}/queryables", read_queryables),
    ("/ogc/collections/{collection}/sortables", read_sortables),
    ("/ogc/collections/{collection}/schema", read_schema),
    ("/ogc/collections/{collection}/schema/feature", read_feature_schema),
    ("/ogc/collections/{collection}/items/{feature}", read_item),
    ("/id/{layer}/{code}", resolve),
):
    # plain routes: the parameters are read by `api.params`, which names the nearest, so nothing is left for FastAPI to do
    router.add_route(path, named(path.rstrip("/"), endpoint), methods=["GET"], include_in_schema=False)
