import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeLines } from "../../scripts/sizes.ts";
import { readSummary, summaryLine } from "../../scripts/summary.ts";

describe("the last line of npm test", () => {
  let folder: string;
  let file: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-summary-"));
    file = join(folder, "results.json");
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function report(passed: number, failed: number, pending: number, broken: number): void {
    const brokenFiles = Array.from({ length: broken }, () => ({
      status: "failed",
      assertionResults: [],
    }));
    const counts = { numPassedTests: passed, numFailedTests: failed };
    const rest = { numPendingTests: pending, numTodoTests: 0, testResults: brokenFiles };
    writeFileSync(file, JSON.stringify({ ...counts, ...rest }));
  }

  it("has the counts of the report", () => {
    report(12, 0, 0, 0);
    expect(summaryLine(readSummary(file, 0))).toBe("12 passed, 0 failed");
    report(10, 2, 3, 0);
    expect(summaryLine(readSummary(file, 1))).toBe("10 passed, 2 failed, 3 skipped");
  });

  it("counts a file that did not load as a failure", () => {
    report(5, 0, 0, 2);
    expect(readSummary(file, 1)).toEqual({ passed: 5, failed: 2, skipped: 0 });
  });

  it("never hides that a run ended badly", () => {
    report(5, 0, 0, 0);
    expect(readSummary(file, 1).failed).toBe(1);
    expect(readSummary(join(folder, "nothing.json"), 0).failed).toBe(1);
    writeFileSync(file, "half of a rep");
    expect(readSummary(file, 0).failed).toBe(1);
  });
});

describe("code lines", () => {
  it("leave out comments and blank lines, and count each line of a long string", () => {
    expect(codeLines("/** A. */\n\nconst a = 1; // one\n\n// b\nconst b = `x\ny`;\n")).toBe(3);
    expect(codeLines("// only\n/* words */\n")).toBe(0);
  });
});
