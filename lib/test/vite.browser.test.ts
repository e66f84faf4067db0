import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumNote, chromiumPath, launchChromium } from "./support/chromium.ts";
import { type Project, packedProject } from "./support/packed.ts";
import { repository } from "./support/sources.ts";

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Vite's notes on its own speed, on a busy machine. */
const timings = /PLUGIN_TIMINGS/;

interface Built {
  readonly folder: string;
  readonly warnings: readonly string[];
  /** Names of the files in the bundle. */
  readonly files: readonly string[];
}

/** What the page says in the end. */
interface Outcome {
  readonly status: string;
  readonly losses: readonly number[];
}

describe("examples/vite with the packed package", () => {
  let project: Project;

  beforeAll(() => {
    project = packedProject();
  }, 600_000);

  afterAll(() => project.remove());

  /** Builds the example in the project, its worker changed by `edit`. */
  async function build(
    name: string,
    edit: (worker: string) => string = (worker) => worker,
    format: "es" | "iife" = "es",
  ): Promise<Built> {
    const vite = await import("vite");
    const folder = join(project.folder, name);
    const filter = (path: string) => !/[\\/](dist|node_modules)$/.test(path);
    cpSync(join(repository, "examples/vite"), folder, { recursive: true, filter });
    const worker = join(folder, "src/worker.ts");
    writeFileSync(worker, edit(readFileSync(worker, "utf8")));
    const warnings: string[] = [];
    const warn = (text: string) => {
      if (!timings.test(text)) warnings.push(text);
    };
    const customLogger = { ...vite.createLogger("silent"), warn, warnOnce: warn };
    await vite.build({ root: folder, customLogger, logLevel: "silent", worker: { format } });
    return { folder, warnings, files: readdirSync(join(folder, "dist/assets")) };
  }

  it("builds without a warning", async () => {
    const { warnings, files } = await build("plain");
    expect(warnings).toEqual([]);
    expect(files.filter((file) => file.endsWith(".wasm"))).toHaveLength(1);
  }, 300_000);

  it("carries no WebAssembly file when it trains with jax-js alone", async () => {
    const { warnings, files } = await build("jax-only", (worker) =>
      worker
        .replace(/^ {2}const load = .*\n/m, "")
        .replace(/name === "web" \? await webBackend\(.*\) : /, "")
        .replace("jaxBackend, webBackend", "jaxBackend"),
    );
    expect(warnings).toEqual([]);
    expect(files.filter((file) => /wasm|ort/.test(file))).toEqual([]);
  }, 300_000);

  describe.skipIf(chromiumPath === undefined)(`in Chromium (${chromiumNote})`, () => {
    let browser: Browser;

    beforeAll(async () => {
      browser = await launchChromium();
    });

    afterAll(() => browser?.close());

    /** Opens the built page, with or without isolation, and waits until it is done or has failed. */
    async function outcome(folder: string, query: string, headers: object): Promise<Outcome> {
      const { preview } = await import("vite");
      const server = await preview({
        root: folder,
        configFile: false,
        logLevel: "silent",
        preview: { port: 0, headers: { ...headers } },
      });
      const page = await browser.newPage();
      try {
        await page.goto(`${server.resolvedUrls?.local[0]}${query}`);
        await page.waitForFunction(
          () => /^(done|failed)/.test(document.querySelector("#status")?.textContent ?? ""),
          undefined,
          { timeout: 240_000 },
        );
        const status = (await page.textContent("#status")) ?? "";
        const log = (await page.textContent("#log")) ?? "";
        return { status, losses: [...log.matchAll(/loss (\S+)/g)].map(([, loss]) => Number(loss)) };
      } finally {
        await page.close();
        await server.close();
      }
    }

    it.each([
      ["jax-js, isolated", "?backend=jax", isolation],
      ["ONNX Runtime with threads", "?backend=web", isolation],
      ["ONNX Runtime without isolation", "?backend=web", {}],
    ])(
      "trains with %s",
      async (_name, query, headers) => {
        const { status, losses } = await outcome(join(project.folder, "plain"), query, headers);
        expect(status).toBe("done");
        expect(losses.length).toBe(6);
        expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 10);
      },
      300_000,
    );

    it("says in words that threads cannot start from a worker in the old format", async () => {
      const { folder } = await build(
        "old-format",
        (worker) => worker.replace("{ load }", "{ load, numThreads: 2, startTimeout: 10_000 }"),
        "iife",
      );
      const { status } = await outcome(folder, "?backend=web", isolation);
      expect(status).toMatch(/^failed: MissingError: web: ONNX Runtime did not start within 10 s;/);
    }, 600_000);

    it("says in words that the runtime was not given", async () => {
      const { folder } = await build("not-given", (worker) => worker.replace("{ load }", ""));
      const { status } = await outcome(folder, "?backend=web", isolation);
      expect(status).toContain(
        'web: a browser needs ONNX Runtime from its bundle; write webBackend({ load: () => import("onnxruntime-web/wasm") })',
      );
    }, 600_000);
  });
});
