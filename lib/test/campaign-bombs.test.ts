import { expect, it } from "vitest";
import { campaign } from "../../scripts/campaigns/bombs.ts";

const few = [
  ...["os.system", "60 M bools by stride 0, 63", "60 M empty dicts", "17 M memo", "5 M refused"],
  ...["200 keys of 5 MB", "shape of 1e6 sizes"],
];

it("hostile files take little time and memory", async () => {
  const lines: string[] = [];
  const counts = await campaign.run(["--only", few.join("|")], (line) => lines.push(line));
  expect(lines).toEqual([]);
  expect(counts).toMatchObject({ tried: 7, faults: 0 });
});
