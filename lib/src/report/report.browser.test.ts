import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumNote, chromiumPath, launchChromium } from "../../test/support/chromium.ts";
import { animation, heatmap } from "../figures/all.ts";
import type { AnimationData } from "../figures/animation/index.ts";
import type { HeatmapData } from "../figures/heatmap/index.ts";
import { plotlyBundle } from "./node/index.ts";
import { renderReport } from "./render.ts";
import { exploredSection, figuresOf, sampleReport } from "./sample.ts";
import { themes } from "./theme.ts";

interface Complaint {
  readonly code: string;
  readonly msg: string;
}

interface Plot extends HTMLElement {
  readonly data: object[];
  readonly _fullLayout: Readonly<Record<string, { type?: string }>> & { paper_bgcolor: string };
}

const figures = figuresOf(sampleReport());

describe.skipIf(chromiumPath === undefined)(`a report in Chromium (${chromiumNote})`, () => {
  let folder: string;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-report-"));
    const file = join(folder, "report.html");
    writeFileSync(file, renderReport(sampleReport(), plotlyBundle()));
    browser = await launchChromium();
    page = await browser.newPage({
      colorScheme: "light",
      viewport: { width: 1280, height: 900 },
    });
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const plotOf = (id: string): string => `#figure-${id.replace(".", "\\.")} .plot`;
  const clicked = async (id: string, kind: string): Promise<Buffer> => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click(`#figure-${id} [data-download="${kind}"]`),
    ]);
    expect(download.suggestedFilename()).toBe(`sample-${id}.${kind}`);
    return readFileSync(await download.path());
  };
  const visit = async (condition: string): Promise<void> => {
    for (const { id } of figures) {
      await page.locator(`#figure-${id}`).scrollIntoViewIfNeeded();
      await page.waitForSelector(`#figure-${id}[data-state=drawn]${condition}`);
    }
  };
  const backgrounds = (): Promise<string[]> =>
    page.$$eval(".plot", (plots) => [
      ...new Set(plots.map((plot) => (plot as Plot)._fullLayout.paper_bgcolor)),
    ]);

  it("leaves figures alone until they come near, then draws each", async () => {
    await page.waitForSelector("figure[data-state=drawn]");
    const drawnAtOnce = await page.$$eval("figure[data-state=drawn]", (all) => all.length);
    expect(drawnAtOnce).toBeLessThan(figures.length);
    await visit("");
    expect(await page.$$eval(".plot .main-svg", (svgs) => svgs.length)).toBeGreaterThan(0);
  });

  it("uses no attribute that Plotly does not know, and hides no trace", async () => {
    const errors = await page.$$eval("figure[data-figure]", (all) =>
      all.flatMap((figure) => {
        const id = (figure as HTMLElement).dataset.figure ?? "";
        const json = JSON.parse(document.getElementById(`data-${id}`)?.textContent ?? "");
        const { Plotly } = globalThis as unknown as {
          Plotly: { validate(data: object, layout: object): Complaint[] | undefined };
        };
        const serious = ["schema", "object", "invisible"];
        return (Plotly.validate(json.data, json.layout) ?? [])
          .filter(({ code }) => serious.includes(code))
          .map(({ msg }) => `${id}: ${msg}`);
      }),
    );
    expect(errors).toEqual([]);
  });

  it("shows the part that a slider chooses, and sets formulas", async () => {
    const file = join(folder, "explored.html");
    const report = { ...sampleReport(), summary: "", sections: [exploredSection] };
    writeFileSync(file, renderReport(report, plotlyBundle()));
    const own = await browser.newPage();
    const said: string[] = [];
    own.on("console", (message) => said.push(message.text()));
    await own.goto(pathToFileURL(file).href);
    const shown = () =>
      own.$$eval(".explore [data-value]:not([hidden]) p", (all) =>
        all.map((one) => one.textContent),
      );
    expect(await shown()).toEqual(["This is neuron 7."]);
    await own.focus(".explore input");
    await own.keyboard.press("ArrowLeft");
    expect(await shown()).toEqual(["This is neuron 3."]);
    expect(await own.textContent(".explore output")).toBe("3");
    await own.locator("#figure-neuron-3").scrollIntoViewIfNeeded();
    await own.waitForSelector('#figure-neuron-3[data-state="drawn"]');
    const size = await own.locator(".formula math").boundingBox();
    expect(size?.width).toBeGreaterThan(150);
    expect(said).toEqual([]);
    await own.close();
  });

  it("has Plotly's buttons beside each figure, where they cover nothing", async () => {
    const places = await page.$$eval("figure[data-state=drawn] .plot", (plots) =>
      plots.map((plot) => {
        const bar = plot.querySelector(".modebar-group") as Element;
        return [plot, bar].map((one) => one.getBoundingClientRect());
      }),
    );
    expect(places).toHaveLength(figures.length);
    for (const [plot, bar] of places) {
      expect(bar?.left).toBeGreaterThanOrEqual((plot?.right ?? Number.NaN) - 1);
      expect(bar?.right).toBeLessThan(1280);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThan(1281);
  });

  it("switches everything between light and dark", async () => {
    expect(await backgrounds()).toEqual([themes.light.page]);
    await page.click("#theme");
    await visit("[data-theme=dark]");
    await expect.poll(backgrounds).toEqual([themes.dark.page]);
    const body = await page.$eval("body", (one) => getComputedStyle(one).backgroundColor);
    const hex = themes.dark.page.match(/[0-9a-f]{2}/g) ?? [];
    expect(body).toBe(`rgb(${hex.map((two) => Number.parseInt(two, 16)).join(", ")})`);
    await page.click("#theme");
    await visit("[data-theme=light]");
    await expect.poll(backgrounds).toEqual([themes.light.page]);
  });

  it("exports the numbers of a figure as CSV and JSON", async () => {
    const csv = (await clicked("heatmap-signed", "csv")).toString("utf8");
    const [, ...rows] = csv
      .trim()
      .split("\r\n")
      .map((line) => line.split(","));
    const { z } = heatmap.examples.signed as HeatmapData & { z: number[][] };
    const numbers = rows.map((row) => row.slice(1).map((cell) => Math.fround(Number(cell))));
    expect(numbers).toEqual(z.map((row) => row.map(Math.fround)));
    const json = JSON.parse((await clicked("heatmap-signed", "json")).toString("utf8"));
    expect(json).toEqual(figures.find(({ id }) => id === "heatmap-signed")?.figure);
  });

  it("exports pictures, the vector one with the title", async () => {
    const png = await clicked("lines-losses", "png");
    expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
    const svg = (await clicked("lines-losses", "svg")).toString("utf8");
    expect(svg).toContain("<svg");
    expect(svg).toMatch(/Figure \d+\. The example losses/);
  });

  it("exports the claims", async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click('[data-download="claims"]'),
    ]);
    expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toEqual(sampleReport().claims);
  });

  it("switches an axis with the keyboard", async () => {
    const type = (): Promise<string | undefined> =>
      page.$eval(plotOf("lines-losses"), (plot) => (plot as Plot)._fullLayout.yaxis?.type);
    expect(await type()).toBe("log");
    await page.focus("#figure-lines-losses .toggle:last-of-type");
    await page.keyboard.press("Space");
    await expect.poll(type).toBe("linear");
    await page.keyboard.press("Space");
    await expect.poll(type).toBe("log");
  });

  it("moves through an animation with the slider, and plays it", async () => {
    const figure = animation(animation.examples.grokking as AnimationData);
    const map = (): Promise<string> =>
      page.$eval(plotOf("animation-grokking"), (plot) => JSON.stringify((plot as Plot).data[0]));
    const output = page.locator("#figure-animation-grokking output");
    const frames = figure.frames as readonly { data: [{ z: { bdata: string } }] }[];
    await page.focus("#figure-animation-grokking input");
    await page.keyboard.press("ArrowLeft");
    expect(await output.textContent()).toBe("step 8000");
    await expect.poll(map).toContain(frames.at(-2)?.data[0].z.bdata);
    await page.keyboard.press("End");
    await output.evaluate((one) => {
      const seen: (string | null)[] = [];
      Reflect.set(window, "seen", seen);
      new MutationObserver(() => seen.push(one.textContent)).observe(one, { childList: true });
    });
    await page.click("#figure-animation-grokking .play");
    const steps = (figure.frames ?? []).map(({ name }) => `step ${name}`);
    const seen = (): Promise<unknown> => page.evaluate(() => Reflect.get(window, "seen"));
    await expect.poll(seen, { timeout: 30_000 }).toEqual(steps);
    expect(await page.textContent("#figure-animation-grokking .play")).toContain("Play");
  });

  it("follows the system's dark theme, prints in light with every figure, and goes back", async () => {
    const dark = await browser.newPage({ colorScheme: "dark" });
    await dark.goto(page.url());
    await dark.waitForSelector("figure[data-state=drawn][data-theme=dark]");
    const drawn = await dark.$eval(
      "figure[data-state=drawn] .plot",
      (plot) => (plot as Plot)._fullLayout.paper_bgcolor,
    );
    expect(drawn).toBe(themes.dark.page);
    await dark.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await expect
      .poll(() => dark.$$eval("figure[data-state=drawn][data-theme=light]", (all) => all.length), {
        timeout: 20_000,
      })
      .toBe(figures.length);
    await dark.evaluate(() => dispatchEvent(new Event("afterprint")));
    await dark.waitForSelector("figure[data-state=drawn][data-theme=dark]");
    await dark.close();
  });

  it("copies the command, or selects it where the clipboard is closed", async () => {
    await page.click("#copy-command");
    await expect.poll(() => page.textContent("#copy-command")).toMatch(/Copied|Selected/);
    const selected = await page.evaluate(() => String(getSelection()));
    expect(selected.trim()).toBe(sampleReport().command);
  });

  it("asks nothing of the network and has nothing to complain about", () => {
    expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
