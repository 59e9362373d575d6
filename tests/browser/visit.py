"""One visit to the page in a real browser: what it asked for, what it complained about, what its map has drawn."""

from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request

PATIENCE_MS = 20_000
STEP_MS = 100

DESKTOP = (1280, 800)
PHONE = (390, 844)


class Visit:
    """A page opened at `path` of a served app; `close` is for the fixture that made it."""

    def __init__(
        self, browser: Browser, base: str, path: str, size: tuple[int, int], *, motion: bool = False, sharp: bool = False
    ) -> None:
        """Open the page in a context of its own, as a new visitor's browser would; `sharp` for who looks at pixels."""
        self.base = base
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=1 if sharp else 0.5,  # a quarter of the pixels for a software renderer; the layout is the same
            has_touch=size == PHONE,
            locale="vi-VN",
            reduced_motion="no-preference" if motion else "reduce",  # flights and shimmer cost a software renderer seconds
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.context.on("request", self._note_request)
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.goto(base + path)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def close(self) -> None:
        """End the visit."""
        self.context.close()

    @property
    def foreign_requests(self) -> list[str]:
        """Requests that left the server."""
        own = urlsplit(self.base).netloc
        return [url for url in self.requests if urlsplit(url).scheme in {"http", "https"} and urlsplit(url).netloc != own]

    @property
    def query(self) -> str:
        """The page's address after the path."""
        return urlsplit(self.page.url).query

    def until(self, happened: Callable[[], Any]) -> Any:
        """Wait until `happened` gives something true, and give that. (The page's CSP forbids Playwright's own wait.)"""
        for _ in range(PATIENCE_MS // STEP_MS):
            if found := happened():
                return found
            self.page.wait_for_timeout(STEP_MS)
        raise AssertionError(f"it did not happen within {PATIENCE_MS / 1000:.0f} s: {happened}; complaints: {self.complaints}")

    def settle(self) -> Self:
        """Wait until the map has loaded and drawn everything in view."""
        self.until(lambda: self.page.evaluate("Boolean(window.dothiMap?.loaded() && window.dothiMap.areTilesLoaded())"))
        self.page.wait_for_timeout(400)
        self.until(lambda: self.page.evaluate("window.dothiMap.loaded() && !window.dothiMap.isMoving()"))
        return self

    def drawn(self, layer: str) -> list[dict[str, Any]]:
        """Attributes of the features that one drawing layer of the map shows now."""
        found: list[dict[str, Any]] = self.page.evaluate(
            "layer => window.dothiMap.queryRenderedFeatures({layers: [layer]}).map(feature => feature.properties)", layer
        )
        return found

    def click_map(self, lon: float, lat: float) -> None:
        """Click the map at a place."""
        at = self.page.evaluate(
            "([lon, lat]) => { const p = window.dothiMap.project([lon, lat]); return [p.x, p.y]; }", [lon, lat]
        )
        self.page.mouse.click(at[0], at[1])

    def box_on_screen(self, lon_lat: list[list[float]]) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in pixels of the page that places take on the map."""
        pixels = self.page.evaluate(
            """places => { const { left, top } = window.dothiMap.getContainer().getBoundingClientRect();
                return places.map(place => { const p = window.dothiMap.project(place); return [p.x + left, p.y + top]; }); }""",
            lon_lat,
        )
        xs, ys = zip(*pixels, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def card(self) -> Locator:
        """The panel with the answer of a lookup."""
        return self.page.locator("[data-panel=card]")

    def answered(self) -> Locator:
        """Wait for the answer, and give the card."""
        self.card.locator(".themes").wait_for()
        return self.card

    def states(self) -> dict[str, str]:
        """The state shown for each theme, by theme."""
        themes = self.answered().locator("[data-theme]").all()
        return {theme.get_attribute("data-theme") or "": theme.get_attribute("data-state") or "" for theme in themes}
