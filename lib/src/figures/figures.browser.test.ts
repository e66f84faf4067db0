import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumNote, chromiumPath, launchChromium } from "../../test/support/chromium.ts";
import { misplaced, texts } from "../../test/support/placement.ts";
import { figures, heatmap, lines, markup, type PlotlyFigure, scatter } from "./index.ts";
import { jupyterDisplay, show } from "./show.ts";

const bundle = createRequire(import.meta.url).resolve("plotly.js-cartesian-dist-min");

/** Every example without a title, with one, and low with a title of two lines; square and stretched. */
function drawings(): [string, PlotlyFigure][] {
  const options = [
    { title: undefined },
    { title: "A title", aspect: "equal" },
    { title: markup`Two<br>lines`, aspect: "auto", height: 300 },
  ];
  /** Those of the options that a kind of figure has. */
  const had = (figure: string, own: object): object =>
    Object.fromEntries(
      Object.entries(own).filter(([option]) => {
        if (option === "aspect") return ["heatmap", "facets", "signImage"].includes(figure);
        return option === "title" || !["animation", "facets", "lineFacets"].includes(figure);
      }),
    );
  return Object.values(figures).flatMap((figure) =>
    Object.entries(figure.examples).flatMap(([name, data]) =>
      options.map((own, i): [string, PlotlyFigure] => [
        `${figure.name} ${name} ${i}`,
        figure({ ...(data as object), ...had(figure.name, own) } as never),
      ]),
    ),
  );
}

/** Texts that Plotly would read as tags, entities, variables, TeX or nothing at all. */
const hostile = [
  "<s>",
  "<b>",
  "a<b>c",
  "&lt;",
  "%{x}",
  "$a$ $b$",
  "<|endoftext|>",
  "\\n",
  "&amp;&",
];

describe.skipIf(chromiumPath === undefined)(`figures in Chromium (${chromiumNote})`, () => {
  let folder: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-figures-"));
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function drawn(all: readonly PlotlyFigure[], width = 900): Promise<Page> {
    const file = join(folder, "page.html");
    const options = { plotly: pathToFileURL(bundle).href };
    const parts = all.map((figure) => show(figure, options)[jupyterDisplay]()["text/html"]);
    writeFileSync(file, `<!doctype html><meta charset="utf-8">${parts.join("\n")}`);
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    await page.goto(pathToFileURL(file).href, { waitUntil: "commit" });
    await page.waitForFunction(
      (count) => document.querySelectorAll("[data-drawn]").length === count,
      all.length,
      { timeout: 120_000 },
    );
    return page;
  }

  it.each([900, 390])(
    "have each tick beside its row, column, bar or point, %d pixels wide",
    { timeout: 240_000 },
    async (width) => {
      const named = drawings();
      const page = await drawn(
        named.map(([, figure]) => figure),
        width,
      );
      const problems = await page.$$eval("[data-tinylens-figure]", misplaced);
      expect(problems).toHaveLength(named.length);
      const wrong = named.flatMap(([name], i) =>
        (problems[i] as string[]).map((p) => `${name}: ${p}`),
      );
      expect(wrong).toEqual([]);
      await page.close();
    },
  );

  it("would find rows beside the wrong labels", async () => {
    const figure = heatmap({ z: [[1], [2], [3]], y: ["a", "b", "c"], title: "t" });
    const title = { ...(figure.layout.title as object), automargin: true };
    const layout = { ...figure.layout, title, margin: { l: 56, r: 16, t: 12, b: 44 } };
    const page = await drawn([{ ...figure, layout }]);
    const [problems] = await page.$$eval("[data-tinylens-figure]", misplaced);
    expect(problems?.[0]).toMatch(/^y label "c" is \d+ pixels from its row$/);
    await page.close();
  });

  it("show every text as it is, whatever characters it has", async () => {
    const page = await drawn(hostileFigures());
    const seen = await page.$$eval("[data-tinylens-figure]", texts);
    for (const all of seen) {
      expect(all.filter((text) => /[^\d.,\s]/.test(text))).toEqual(expect.arrayContaining(hostile));
    }
    await page.close();
  });

  it("hover with texts as they are", async () => {
    const page = await drawn([
      heatmap({ z: [[1, 2]], x: ["<s>", "%{z}"], xLabel: "a<b>", yLabel: "%{y}" }),
    ]);
    const box = await page.locator(".heatmaplayer image").boundingBox();
    const { x = 0, y = 0, width = 0, height = 0 } = box ?? {};
    await page.mouse.move(x + 0.75 * width, y + 0.5 * height);
    await page.waitForSelector(".hoverlayer .hovertext");
    const seen = await page.$$eval(".hoverlayer tspan", (all) => all.map((one) => one.textContent));
    expect(seen).toEqual(expect.arrayContaining(["%{y}: 0", "a<b>: %{z}", "value: 2.000"]));
    await page.close();
  });

  it("keep the range of the data on log axes, whatever stands at zero", async () => {
    const y = [1, 0.1, 0.01, 1e-9];
    const line = { x: [0, 1, 10, 100], series: [{ name: "loss", y }], logX: true, logY: true };
    const points = { groups: [{ name: "g", x: [0, 1, 2], y: [0, 1, 3] }], logX: true, logY: true };
    const marks = { markers: [{ value: 0, label: "start" }], references: [{ value: -3 }] };
    const page = await drawn([
      ...[lines(line), lines({ ...line, ...marks })],
      ...[scatter(points), scatter({ ...points, ...marks, diagonal: true })],
    ]);
    const ranges = await page.$$eval("[data-tinylens-figure]", (all) =>
      all.map((place) => {
        const { xaxis, yaxis } = Reflect.get(place, "_fullLayout");
        return [...xaxis.range, ...yaxis.range] as number[];
      }),
    );
    const [plain, marked, dots, diagonal] = ranges as [number[], number[], number[], number[]];
    for (const [i, end] of plain.entries()) expect(marked[i]).toBeCloseTo(end, 9);
    for (const [i, end] of dots.entries())
      expect(Math.abs((diagonal[i] ?? 9) - end)).toBeLessThan(0.5);
    await page.close();
  });
});

function hostileFigures(): PlotlyFigure[] {
  const { animation, bars, facets, histogram, lineFacets, signImage } = figures;
  const [a, b] = [hostile.map((_, i) => i + 1), hostile.map((name) => ({ name, y: [1, 2] }))];
  const row = [a];
  const z = { x: hostile, xLabel: "x", yLabel: "y" };
  return [
    heatmap({ z: row, ...z }),
    signImage({ z: row, ...z }),
    facets({ panels: hostile.map((title) => ({ title, z: [[1]] })) }),
    lineFacets({
      panels: hostile.map((title) => ({ title, series: [{ name: "a", y: [1] }] })),
    }),
    lines({ series: b }),
    scatter({ groups: [{ name: "g", x: a, y: a, labels: hostile }], showLabels: true }),
    histogram({ series: hostile.map((name) => ({ name, values: [1, 2] })) }),
    bars({ categories: hostile, series: [{ name: "s", values: a }], highlight: hostile }),
    lines({
      series: [{ name: "one", y: [1, 2, 3] }],
      title: "<s>",
      xLabel: "<b>",
      yLabel: "a<b>c",
      markers: [
        { value: 1, label: "&lt;" },
        { value: 2, label: "%{x}" },
      ],
      references: [
        { value: 1, label: "$a$ $b$" },
        { value: 2, label: "<|endoftext|>" },
        { value: 3, label: "\n" },
        { value: 1.5, label: "&amp;&" },
      ],
    }),
    animation({
      frames: hostile,
      frameLabel: "f",
      panels: [{ kind: "heatmap", title: "W", frames: hostile.map(() => row), ...z }],
    }),
  ];
}
