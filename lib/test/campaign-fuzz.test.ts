import { expect, it } from "vitest";
import { campaign } from "../../scripts/campaigns/fuzz.ts";

it("changed files are read or refused in one line", async () => {
  const lines: string[] = [];
  const counts = await campaign.run(["--cases", "1300", "--seed", "9"], (line) => lines.push(line));
  expect(lines).toEqual([]);
  expect(counts).toMatchObject({ tried: 1300, faults: 0 });
  // Enough of both, or the changes are too small or too large to try anything.
  expect(counts.read).toBeGreaterThan(100);
  expect(counts.refused).toBeGreaterThan(300);
});
