/** Figures as files, from a script. */

import { extname } from "node:path";
import { InputError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { type FigurePageOptions, figurePage, type PlotlyFigure } from "../report/figure-page.ts";
import { plotlyBundle } from "../report/node/index.ts";
import { replaceFile } from "./disk.ts";
import { type ImageOptions, imageOf } from "./figure-image.ts";

/** How a figure is saved. Size and scale are for images, the rest for images and pages. */
export interface SaveFigureOptions extends FigurePageOptions, ImageOptions {}

/**
 * Save a figure under the name `path`, whose ending says how: `.html` is one file that needs no network and holds
 * one figure or a list of them, `.json` is Plotly's JSON, which Plotly for Python opens, `.svg` and `.png`
 * are pictures, for which a Chromium draws the figure (see `ImageOptions`). A file that is there is replaced. Throws
 * `InputError` for another ending, several figures in one picture, and a disk that refuses, `MissingError`
 * without a Chromium.
 */
export async function saveFigure(
  path: string,
  figure: PlotlyFigure | readonly PlotlyFigure[],
  options: SaveFigureOptions = {},
): Promise<void> {
  checkOptions("saveFigure", options, {
    title: true,
    theme: true,
    width: true,
    height: true,
    scale: true,
    browser: true,
  });
  const figures = "data" in figure ? [figure] : figure;
  const ending = extname(path).toLowerCase();
  const save = savers[ending as keyof typeof savers];
  if (save === undefined) {
    throw new InputError(
      `saveFigure: the name must end with ${Object.keys(savers).join(", ")}, got ${JSON.stringify(path)}`,
    );
  }
  await replaceFile(path, await save(figures, options));
}

const savers = {
  ".html": (figures: readonly PlotlyFigure[], options: SaveFigureOptions) =>
    figurePage(figures, plotlyBundle(), options),
  ".json": (figures: readonly PlotlyFigure[]) => `${JSON.stringify(onlyOne(figures))}\n`,
  ".svg": (figures: readonly PlotlyFigure[], options: SaveFigureOptions) =>
    imageOf(onlyOne(figures), "svg", options),
  ".png": (figures: readonly PlotlyFigure[], options: SaveFigureOptions) =>
    imageOf(onlyOne(figures), "png", options),
};

function onlyOne(figures: readonly PlotlyFigure[]): PlotlyFigure {
  const [figure] = figures;
  if (figure !== undefined && figures.length === 1) return figure;
  throw new InputError(
    `saveFigure: a file other than .html holds one figure, got ${figures.length}; save each under its own name`,
  );
}
