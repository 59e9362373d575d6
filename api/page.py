"""The page at `/`: the built files of `web/`, the hashed ones cacheable for ever."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.middleware import named
from spatial.errors import NotFound

DIST = Path(__file__).parent / "static" / "dist"
router = APIRouter(include_in_schema=False)

_NOT_BUILT = """<!doctype html><html lang="vi"><meta charset="utf-8"><title>dothi</title>
<h1>Trang bản đồ chưa được dựng</h1>
<p>Chạy <code>make web</code> rồi tải lại trang. Dịch vụ dữ liệu: <a href="ogc/">/ogc/</a></p>
<p lang="en">The map page is not built yet. Run <code>make web</code> and reload. Data services: <a href="ogc/">/ogc/</a></p>
</html>"""


class _Assets(StaticFiles):
    """Files whose names carry a hash of their content."""

    async def check_config(self) -> None:
        """Do not fail where the page is not built: every file is then simply not found."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file, to be kept for ever."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@router.get("/")
async def read_page() -> Response:
    """Serve the page; the browser asks each time whether it changed, since it names the hashed files."""
    index = DIST / "index.html"
    if not index.is_file():
        return HTMLResponse(_NOT_BUILT, 503, {"Cache-Control": "no-store"})
    return FileResponse(index, headers={"Cache-Control": "no-cache"}, media_type="text/html; charset=utf-8")


@router.get("/{name}")
async def read_file(name: str) -> Response:
    """Serve a file that stands beside the page, such as its icon."""
    known = {path.name: path for path in DIST.iterdir() if path.is_file()} if DIST.is_dir() else {}
    if name not in known:
        raise NotFound(f"There is nothing at '/{name}'.", vi=f"Không có gì ở '/{name}'.")
    return FileResponse(known[name], headers={"Cache-Control": "no-cache"})


def mount_assets(app: FastAPI) -> None:
    """Serve the hashed files."""
    files = named("/assets/{file}", _Assets(directory=DIST / "assets", check_dir=False))
    app.mount("/assets", files, name="assets")
