import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumNote, chromiumPath, launchChromium } from "../../test/support/chromium.ts";
import { animation, figures, heatmap, show } from "./index.ts";
import { jupyterDisplay, plotlyAddress } from "./show.ts";

const named = heatmap(heatmap.examples.named as never);
const bundle = createRequire(import.meta.url).resolve("plotly.js-cartesian-dist-min");

describe("a figure in a notebook", () => {
  it.each(Object.values(figures))("is Plotly JSON, HTML and a line of text: $name", (figure) => {
    for (const example of Object.values(figure.examples)) {
      const drawn = figure(example as never);
      const shown = show(drawn)[jupyterDisplay]();
      expect(shown["application/vnd.plotly.v1+json"]).toBe(drawn);
      expect(shown["text/plain"]).toMatch(/^Figure (".+" )?\(\d+ traces?\)$/);
      expect(shown["text/html"].match(/<\/script>/g)).toHaveLength(1);
    }
  });

  it("answers to the symbol of Deno's protocol", () => {
    expect(jupyterDisplay).toBe(Symbol.for("Jupyter.display"));
    expect(show(named)[jupyterDisplay]()["text/plain"]).toBe(
      'Figure "Mean attention from “=”" (1 trace)',
    );
  });

  it("cannot break out of its page", () => {
    const title = "</script><img src=x>";
    const html = show(heatmap({ z: [[1]], title }))[jupyterDisplay]()["text/html"];
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;/script&gt;&lt;img src=x&gt;");
    const raw = show({ data: [], layout: { title } })[jupyterDisplay]()["text/html"];
    expect(raw).toContain("\\u003c/script>\\u003cimg src=x>");
  });

  it("names the version of Plotly that is installed", () => {
    const manifest = join(bundle, "../package.json");
    const { version, main } = JSON.parse(readFileSync(manifest, "utf8")) as {
      readonly version: string;
      readonly main: string;
    };
    expect(plotlyAddress).toContain(`@${version}/${main}`);
  });
});

describe.skipIf(chromiumPath === undefined)(`a figure's HTML in Chromium (${chromiumNote})`, () => {
  let folder: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-show-"));
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function pageOf(html: string): Promise<Page> {
    const file = join(folder, "page.html");
    writeFileSync(file, `<!doctype html><meta charset="utf-8">${html}`);
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  it("draws itself, twice, beside another, and on a page with an AMD loader", async () => {
    const options = { plotly: pathToFileURL(bundle).href };
    const moving = animation(Object.values(animation.examples)[0] as never);
    const [one, two] = [named, moving].map((f) => show(f, options)[jupyterDisplay]()["text/html"]);
    const amd = "<script>window.define = () => {}; window.define.amd = {};</script>";
    const page = await pageOf(`${amd}${one}${one}${two}`);
    await page.waitForFunction(
      () => document.querySelectorAll("[data-tinylens-figure] .main-svg").length >= 6,
    );
    const drawn = await page.$$eval("[data-tinylens-figure]", (places) =>
      places.map((place) => place.querySelectorAll(".heatmaplayer, .scatterlayer").length > 0),
    );
    expect(drawn).toEqual([true, true, true]);
    expect(await page.evaluate(() => typeof Reflect.get(window, "define"))).toBe("function");
    await page.close();
  });

  it("says what it needs where Plotly cannot be loaded", async () => {
    const missing = pathToFileURL(join(folder, "missing.js")).href;
    const page = await pageOf(show(named, { plotly: missing })[jupyterDisplay]()["text/html"]);
    await page.waitForFunction(() => document.body.textContent?.includes("This figure needs"));
    expect(await page.textContent("[data-tinylens-figure]")).toBe(`This figure needs ${missing}`);
    await page.close();
  });
});
