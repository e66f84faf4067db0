import { expect, it } from "vitest";
import { campaign } from "../../scripts/campaigns/kill.ts";

it("killed runs end with the bytes of an unbroken run", { timeout: 300_000 }, async () => {
  const words = "max-of-two --smoke --set checkpointEvery=5";
  const found: string[] = [];
  const counts = await campaign.run(["--kills", "3", "--case", words], (line) => found.push(line));
  expect(found).toEqual([]);
  expect(counts).toMatchObject({ kills: 3, faults: 0 });
});
