import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { lineOf, MetricsLog, readMetrics } from "./metrics-file.ts";
import { seal } from "./sealed-json.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-metrics-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const path = join(root, "metrics.jsonl");

const row = (step: number, testLoss: number) => ({
  ...{ step, trainLoss: 1.5, testLoss, trainAccuracy: 0.5, testAccuracy: 0 },
});

describe("metrics.jsonl", () => {
  it("keeps losses that are not finite, as text that Python reads", async () => {
    const rows = [row(0, Infinity), row(1, Number.NaN), row(2, -Infinity), row(3, 2)];
    const log = await MetricsLog.start(path, rows.slice(0, 2));
    for (const one of rows.slice(2)) await log.append(one);
    await log.close();
    expect(readFileSync(path, "utf8").split("\n")[0]).toContain('"testLoss":"Infinity"');
    expect(await readMetrics(path)).toEqual({ rows, damaged: undefined });
  });

  it("brings back every number", async () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(Infinity, Number.NaN));
    await fc.assert(
      fc.asyncProperty(fc.array(number, { maxLength: 5 }), async (losses) => {
        const rows = losses.map((loss, step) => row(step, Object.is(loss, -0) ? 0 : loss));
        const log = await MetricsLog.start(path, rows);
        await log.close();
        expect(await readMetrics(path)).toEqual({ rows, damaged: undefined });
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ["a half line", '{"step":1,"trainL'],
    ["a row without its checksum", JSON.stringify(row(1, 2))],
    ["text that is no number", seal('{"step":1,"trainLoss":"large"}')],
    ["a row that lacks a loss", seal('{"step":1,"trainLoss":2}')],
    ["a list", "[1]"],
  ])("ends before %s, and says which line it is", async (_, line) => {
    writeFileSync(path, `${lineOf(row(0, 1))}${line}\n${lineOf(row(2, 1))}`);
    expect(await readMetrics(path)).toEqual({ rows: [row(0, 1)], damaged: 2 });
  });

  it("ends before a last line without an end, which is no damage", async () => {
    writeFileSync(path, `${lineOf(row(0, 1))}{"step":1,"trainL`);
    expect(await readMetrics(path)).toEqual({ rows: [row(0, 1)], damaged: undefined });
  });
});
