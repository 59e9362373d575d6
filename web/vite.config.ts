import { defineConfig } from "vite";

// The page is built into the API's package and served from the root of the same origin; nothing is loaded from elsewhere.
export default defineConfig({
  base: "/",
  build: {
    outDir: "../api/static/dist",
    emptyOutDir: true,
    target: "es2022",
    // Content-Security-Policy allows no data: fonts or scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    // MapLibre alone is 1.1 MB; it is one file that is cached for ever under its hash.
    chunkSizeWarningLimit: 1500,
  },
  server: {
    proxy: Object.fromEntries(
      ["/page", "/lookup", "/search", "/rollups", "/ogc", "/health"].map((path) => [path, "http://127.0.0.1:8000"]),
    ),
  },
});
