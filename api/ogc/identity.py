"""/id/{layer}/{code}: the stable address of a thing, sent on to the feature that it is at a date."""

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.links import Link, base_url
from api.ogc.visit import GEOJSON, public_layers
from api.params import parse_date, refuse_unknown
from api.services import lane_of, services_of
from spatial.errors import NotFound
from spatial.features.identity import find_by_code
from spatial.layers import find_layer
from spatial.selection import legal_today

_SEE_OTHER = 303
_SEVERAL = 300


async def resolve(request: Request) -> Response:
    """Send on to the feature that has, or once had, the code; 300 with all of them where it became several.

    Raises:
        NotFound: no feature of the layer ever had the code.
    """
    refuse_unknown(request.query_params, {"as_of"})
    services = services_of(request)
    layer = find_layer(request.path_params["layer"], public_layers(services))
    code = request.path_params["code"]
    as_of = request.query_params.get("as_of")
    day = parse_date("as_of", as_of) if as_of else legal_today()
    async with lane_of(request).connection() as connection:
        ids = await find_by_code(connection, layer, code, day)
    if not ids:
        raise NotFound(
            f"No feature of '{layer.name}' has or had the code '{code[:60]}'. Check the code.",
            vi=f"Không có đối tượng nào của lớp '{layer.name}' mang hoặc từng mang mã '{code[:60]}'. Hãy kiểm tra lại mã.",
        )
    items = f"{base_url(request, services.settings)}/ogc/collections/{layer.name}/items"
    headers = {"Cache-Control": "public, no-cache"}
    if len(ids) == 1:
        return RedirectResponse(f"{items}/{ids[0]}", _SEE_OTHER, headers)
    links = [Link(f"{items}/{found}", "item", GEOJSON).as_json() for found in ids]
    return JSONResponse({"code": code, "as_of": day.isoformat(), "links": links}, _SEVERAL, headers)
