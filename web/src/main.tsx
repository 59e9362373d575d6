/** Starts the page: fonts, styles, the browser's history, the first drawing. */

import "@fontsource/be-vietnam-pro/400.css";
import "@fontsource/be-vietnam-pro/500.css";
import "@fontsource/be-vietnam-pro/600.css";
import "maplibre-gl/dist/maplibre-gl.css";
import "./style/tokens.css";
import "./style/frame.css";
import "./style/search.css";
import "./style/card.css";
import "./style/layers.css";
import "./style/figures.css";
import { render } from "preact";
import { followPath } from "./figures";
import { followBrowser } from "./state";
import { Page } from "./view/Page";

followBrowser();
followPath();

const root = document.getElementById("page");
if (root) render(<Page />, root);
