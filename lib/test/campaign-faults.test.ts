import { describe, expect, it } from "vitest";
import { outcry, refused } from "../../scripts/campaigns/faults/bench.ts";
import { campaign } from "../../scripts/campaigns/faults.ts";

describe("the campaign faults", () => {
  it("finds that training goes on where a folder cannot be flushed", async () => {
    const lines: string[] = [];
    const counts = await campaign.run(["--short"], (line) => lines.push(line));
    expect({ ...counts, said: lines.filter((line) => !line.startsWith("skipped")) }).toMatchObject({
      faults: 0,
      said: [],
    });
    expect((counts.tried as number) + (counts.skipped as number)).toBe(1);
  }, 300_000);

  it("tells a sentence from a stack, and one exit code from another", () => {
    const ended = (code: number, stderr: string) => ({ code, signal: null, stderr });
    expect(outcry(ended(0, "tinylens: all is well\n"))).toBeUndefined();
    expect(outcry(ended(1, "Error\n    at f (file.ts:1:2)\n"))).toMatch(/^stack or fault/);
    expect(outcry(ended(2, "this is a fault of tinylens; x"))).toMatch(/^stack or fault/);
    expect(refused(ended(2, "progress\ntinylens: no room\n"), /no room$/)).toBeUndefined();
    expect(refused(ended(1, "tinylens: no room\n"), /no room$/)).toMatch(/^exit 1/);
    expect(refused(ended(2, "tinylens: else\n"), /no room$/)).toMatch(/^exit 2/);
  });

  it("knows its situations by name", async () => {
    await expect(campaign.run(["--only", "nothing"], () => {})).rejects.toThrow(
      /^--only: one or more of signal-SIGTERM, .*clock-a-year-back$/,
    );
  });
});
