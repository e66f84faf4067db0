import { expect, it } from "vitest";
import { campaign } from "../../scripts/campaigns/fuzz-runs.ts";

it("changed run folders are refused or do no harm", { timeout: 300_000 }, async () => {
  const found: string[] = [];
  const counts = await campaign.run(["--cases", "220", "--seed", "9"], (line) => found.push(line));
  expect(found).toEqual([]);
  expect(counts).toMatchObject({ tried: 220, faults: 0 });
});
