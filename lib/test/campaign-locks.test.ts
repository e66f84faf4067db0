import { describe, expect, it } from "vitest";
import { campaign } from "../../scripts/campaigns/locks.ts";

describe("the campaign locks", () => {
  it("finds no two holders of a lock", async () => {
    const lines: string[] = [];
    const args = ["--seconds", "6", "--processes", "4", "--seed", "3", "--containers", "0"];
    const counts = await campaign.run(args, (line) => lines.push(line));
    expect(lines).toEqual([]);
    expect(counts.faults).toBe(0);
    expect(counts.taken).toBeGreaterThan(0);
  });

  it("finds them where there is no lock", async () => {
    const lines: string[] = [];
    const lock = new URL("./support/no-lock.ts", import.meta.url).href;
    const args = ["--seconds", "4", "--processes", "3", "--containers", "0", "--lock", lock];
    const counts = await campaign.run(args, (line) => lines.push(line));
    expect(counts.faults).toBeGreaterThan(0);
    expect(lines.join("\n")).toContain("twice");
  });
});
