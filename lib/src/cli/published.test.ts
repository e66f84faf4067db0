import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import * as studies from "../studies/all.ts";
import { tinylens } from "./testing/terminal.ts";

const name = "progress-measures/wd_10-1_mod_addition_loss_curve.pth";
const file = fileURLToPath(new URL(`../../../../shared/data/${name}`, import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "tinylens-published-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const analyze = (...words: string[]) =>
  tinylens(cwd, ["analyze", "modular-addition", "--checkpoint", file, "--json", ...words], {
    studies: studies as NonNullable<Parameters<typeof tinylens>[2]>["studies"] & object,
  });

describe.skipIf(!existsSync(file))(
  "a published checkpoint (skipped without ../shared/data)",
  () => {
    it("is analyzed as it is, its answer for = included", async () => {
      const { code, stdout } = await analyze(
        "--set",
        "dataSeed=1",
        "--set",
        "splitGenerator=python",
      );
      const { metrics, params } = JSON.parse(stdout);
      expect(code).toBe(0);
      expect(params.outputs).toBe(114);
      expect(metrics).toMatchObject({ accuracy: 1, keyFrequencies: 5 });
      expect(metrics.loss / 3.52e-7).toBeCloseTo(1, 2);
      expect(metrics).toMatchObject({ trainAccuracy: 1, testAccuracy: 1 });
      expect(metrics.excludedLoss / 8.4).toBeCloseTo(1, 2);
    });

    it("is refused where its sizes are not those of the parameters", async () => {
      expect(await analyze("--set", "dMlp=256")).toEqual({
        code: 2,
        stdout: "",
        stderr:
          "tinylens: modular-addition: dMlp was given as 256, the file has 512; leave it out\n",
      });
    });
  },
);
