/** Pictures of figures, drawn by a Chromium without a window. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { InputError, MissingError } from "../core/errors.ts";
import {
  type FigurePageOptions,
  figurePageWith,
  type PlotlyFigure,
} from "../report/figure-page.ts";
import { plotlyBundle } from "../report/node/index.ts";

/** Size of a picture, and who draws it. */
export interface ImageOptions {
  /** Pixels; default: the figure's own, else 900. */
  readonly width?: number;
  /** Pixels; default: the figure's own. */
  readonly height?: number;
  /** Pixels of a PNG for each of the figure's; default 3. */
  readonly scale?: number;
  /**
   * Path of a Chromium, Chrome or Edge; default: the environment variable CHROMIUM, else the first that is installed
   * in its usual place.
   */
  readonly browser?: string;
}

/** Where browsers are installed on Linux, macOS and Windows. */
const usual = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** A figure without its buttons as SVG or PNG. Light unless `theme` is "dark". */
export async function imageOf(
  figure: PlotlyFigure,
  format: "svg" | "png",
  options: ImageOptions & FigurePageOptions,
): Promise<Uint8Array> {
  const browser = browserOf(options.browser);
  const { updatemenus, sliders, ...layout } = figure.layout;
  const own = layout as { readonly width?: number; readonly height?: number };
  const width = checked("width", options.width ?? own.width ?? 900, 10_000);
  const height = checked("height", options.height ?? own.height ?? 420, 10_000);
  const scale = format === "png" ? checked("scale", options.scale ?? 3, 10) : 1;
  const sized = { data: figure.data, layout: { ...layout, width, height } };
  const ask = `(${pictureOf})(${JSON.stringify({ format, width, height, scale })})`;
  const html = figurePageWith([sized], plotlyBundle(), { theme: "light", ...options }, [ask]);
  const folder = await mkdtemp(join(tmpdir(), "tinylens-figure-"));
  try {
    const file = join(folder, "figure.html");
    await writeFile(file, html);
    return pictureIn(await dump(browser, file, folder), browser);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function browserOf(path: string | undefined): string {
  const named = path ?? process.env.CHROMIUM;
  const found = (named === undefined ? usual : [named]).find(existsSync);
  if (found !== undefined) return found;
  const sought = named === undefined ? "" : `; there is no file ${JSON.stringify(named)}`;
  throw new MissingError(
    `saveFigure: pictures need a Chromium, Chrome or Edge${sought}; install one, name it with the option browser or the variable CHROMIUM, or save as .html`,
  );
}

function checked(name: string, value: number, most: number): number {
  if (value > 0 && value <= most) return value;
  throw new InputError(`saveFigure: ${name} must be a number from 1 to ${most}, got ${value}`);
}

/** Runs in the page: waits until the figure is drawn, then leaves its picture in the document. */
function pictureOf(options: object): void {
  const root = document.documentElement;
  const leave = (text: string): void => {
    const place = document.createElement("output");
    place.id = "picture";
    place.textContent = text;
    document.body.replaceChildren(place);
  };
  const timer = setInterval(() => {
    if (root.dataset.state === undefined) return;
    clearInterval(timer);
    if (root.dataset.state === "failed") return leave(document.body.textContent ?? "");
    const { Plotly } = globalThis as unknown as {
      Plotly: { toImage(plot: Element | null, options: object): Promise<string> };
    };
    Plotly.toImage(document.querySelector("[data-figure]"), options).then(leave, (error) =>
      leave(String(error)),
    );
  }, 20);
}

/** The document of a page after its scripts have run. */
async function dump(browser: string, file: string, folder: string): Promise<string> {
  const isRoot = process.getuid?.() === 0;
  const flags = [
    ...["--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run"],
    ...["--disable-extensions", "--disable-background-networking", "--disable-sync"],
    ...[`--user-data-dir=${join(folder, "profile")}`, ...(isRoot ? ["--no-sandbox"] : [])],
    ...["--virtual-time-budget=60000", "--dump-dom", pathToFileURL(file).href],
  ];
  try {
    const limits = { maxBuffer: 2 ** 30, timeout: 120_000 };
    return (await promisify(execFile)(browser, flags, limits)).stdout;
  } catch (cause) {
    throw new MissingError(`saveFigure: ${JSON.stringify(browser)} did not draw the figure`, {
      cause,
    });
  }
}

/** The bytes of the data URL that the page left. */
function pictureIn(document: string, browser: string): Uint8Array {
  const text = /<output id="picture">([^<]*)<\/output>/.exec(document)?.[1] ?? "";
  const url = text.replaceAll("&amp;", "&");
  const [head = "", content = ""] = [
    url.slice(0, url.indexOf(",")),
    url.slice(url.indexOf(",") + 1),
  ];
  if (!head.startsWith("data:image/")) {
    const reason = text.trim().slice(0, 200) || "the page stayed empty";
    throw new MissingError(
      `saveFigure: ${JSON.stringify(browser)} did not draw the figure: ${reason}`,
    );
  }
  return head.endsWith(";base64")
    ? Uint8Array.from(Buffer.from(content, "base64"))
    : new TextEncoder().encode(decodeURIComponent(content));
}
