import { describe, expect, it } from "vitest";
import { campaign, places, put } from "../../scripts/campaigns/xss.ts";
import { chromiumPath } from "../../scripts/campaigns/xss-pages.ts";

describe("the campaign xss, in short", { timeout: 300_000 }, () => {
  it("gets no script into a report by run.json or the name of a checkpoint", async () => {
    const lines: string[] = [];
    const options = ["--studies", "max-of-two", "--files", "run.json", "--forms", "1"];
    const counts = await campaign.run(options, (line) => lines.push(line));
    const unopened = "Chromium is not installed: no page was opened";
    expect(lines).toEqual(chromiumPath() === undefined ? [unopened] : []);
    expect(counts).toMatchObject({ faults: 0, injected: 0, scripts: 0, requests: 0 });
    expect(counts.tried).toBeGreaterThan(60);
  });
});

describe("the places of a file", () => {
  it("are all its fields, of lists the first two", () => {
    const found = [...places({ a: { b: [1, 2, 3] }, c: null })];
    expect(found).toEqual([["a"], ["a", "b"], ["a", "b", "0"], ["a", "b", "1"], ["c"]]);
  });

  it("are changed one at a time", () => {
    expect(put({ a: { b: [1, 2] } }, ["a", "b", "1"], "x")).toEqual({ a: { b: [1, "x"] } });
  });
});
