import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumNote, chromiumPath, launchChromium } from "../../test/support/chromium.ts";
import { heatmap, lines } from "../figures/all.ts";
import { saveFigure } from "./save-figure.ts";

const named = heatmap({ z: [[1, 2]], x: ["<s>", "b"], title: "</script>" });
const curve = lines({ series: [{ name: "a", y: [1, 2] }], x: [1, 2] });

describe("saveFigure", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-save-"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("writes Plotly's JSON", async () => {
    const path = join(folder, "a.json");
    await saveFigure(path, named);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(named);
  });

  it("writes one page without addresses, from which no text can break out", async () => {
    const path = join(folder, "a.HTML");
    await saveFigure(path, [named, curve], { title: "<b>" });
    const html = readFileSync(path, "utf8");
    expect(html).toContain("<title>&lt;b&gt;</title>");
    expect(html.match(/<\/script>/g)).toHaveLength(html.match(/<script[\s>]/g)?.length ?? 0);
    expect(html).not.toMatch(/\ssrc\s*=|@import|url\(|<link/);
    expect(html.match(/ data-figure=/g)).toHaveLength(2);
  });

  it("refuses other endings, and several figures in a file that holds one", async () => {
    const endings = 'saveFigure: the name must end with .html, .json, .svg, .png, got "a.pdf"';
    await expect(saveFigure("a.pdf", named)).rejects.toThrow(endings);
    await expect(saveFigure(join(folder, "b.json"), [named, curve])).rejects.toThrow(
      "saveFigure: a file other than .html holds one figure, got 2; save each under its own name",
    );
    await expect(saveFigure(join(folder, "b.html"), [])).rejects.toThrow(
      "figurePage: needs at least one figure, got 0",
    );
    await expect(
      saveFigure(join(folder, "b.png"), named, { scale: 0, browser: folder }),
    ).rejects.toThrow("saveFigure: scale must be a number from 1 to 10, got 0");
    expect(existsSync(join(folder, "b.json"))).toBe(false);
  });

  it("says what a picture needs", async () => {
    const browser = join(folder, "no-browser");
    const problem = saveFigure(join(folder, "a.svg"), named, { browser });
    await expect(problem).rejects.toThrow(
      "saveFigure: pictures need a Chromium, Chrome or Edge; there is no file",
    );
    const broken = join(folder, "broken");
    writeFileSync(broken, "#!/bin/sh\necho nothing\n", { mode: 0o755 });
    await expect(saveFigure(join(folder, "a.svg"), named, { browser: broken })).rejects.toThrow(
      "did not draw the figure: the page stayed empty",
    );
    expect(readdirSync(folder).filter((name) => name.startsWith("a.svg"))).toEqual([]);
  });

  describe.skipIf(chromiumPath === undefined)(`with Chromium (${chromiumNote})`, () => {
    it("draws an SVG and a PNG of the size that is asked for", { timeout: 240_000 }, async () => {
      const options = { width: 500, height: 300, scale: 2, browser: chromiumPath as string };
      await saveFigure(join(folder, "a.svg"), named, options);
      const svg = readFileSync(join(folder, "a.svg"), "utf8");
      expect(svg).toMatch(/^<svg [^>]*width="500" height="300"/);
      expect(svg).toContain(">&#60;s&#62;<");
      await saveFigure(join(folder, "a.png"), named, options);
      const png = readFileSync(join(folder, "a.png"));
      expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1000, 600]);
    });

    it("draws every figure of a page, without asking the network", {
      timeout: 240_000,
    }, async () => {
      const path = join(folder, "page.html");
      await saveFigure(path, [named, curve]);
      const browser = await launchChromium();
      const page = await browser.newPage();
      const requests: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      await page.goto(pathToFileURL(path).href, { waitUntil: "commit" });
      await page.waitForSelector("html[data-state=drawn]", { timeout: 120_000 });
      expect(await page.locator(".plot .main-svg .xtick").count()).toBeGreaterThan(3);
      expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
      await browser.close();
    });
  });
});
