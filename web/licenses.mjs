/** Writes the licences of everything that is built into the page beside it: `licenses.txt`, from the packages as they are installed. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const OUT = new URL("../api/static/dist/licenses.txt", import.meta.url);
/** A tool of the build that leaves a few lines of its own in the page. */
const HELPERS = ["node_modules/vite"];

const { packages } = JSON.parse(readFileSync(new URL("package-lock.json", import.meta.url), "utf8"));
const shipped = Object.entries(packages).filter(([path, about]) => path && (!about.dev || HELPERS.includes(path)));

const texts = shipped.map(([path, about]) => {
  const folder = new URL(`${path}/`, import.meta.url);
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name));
  const text = files.map((name) => readFileSync(new URL(name, folder), "utf8").trim()).join("\n\n");
  const head = `${path.replace(/^.*node_modules\//, "")} ${about.version} (${about.license})`;
  return `${head}\n${"=".repeat(head.length)}\n\n${text || `The package has no text of its own; its licence is ${about.license}, its author ${authorOf(folder)}.`}`;
});

function authorOf(folder) {
  const { author } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
  return typeof author === "string" ? author : (author?.name ?? "not named");
}

writeFileSync(OUT, `The page contains parts of the following packages.\n\n\n${texts.join("\n\n\n")}\n`);
