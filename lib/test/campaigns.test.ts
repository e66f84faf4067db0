import { describe, expect, it } from "vitest";
import { runCases } from "../../scripts/campaigns/harness.ts";
import { generator, mutateBytes, mutateJson, polluted } from "../../scripts/campaigns/mutate.ts";

const module = new URL("./support/odd-cases.ts", import.meta.url);

describe("the harness of the campaigns", () => {
  it("counts what goes well and finds each way to go wrong", async () => {
    const lines: string[] = [];
    const settings = generator(5, 7).random();
    const options = { cases: 10, seed: 5, limitMs: 200, endMs: 8000, settings };
    const counts = await runCases(module, options, (line) => lines.push(line));
    expect(counts).toMatchObject({ tried: 10, read: 4, refused: 2, lost: 2, true: 1, faults: 5 });
    expect(lines.map((line) => line.split("\n")[0]).sort()).toEqual([
      expect.stringMatching(/^fault, 1 times; --seed 5 --only 2: wrong number 7$/),
      expect.stringMatching(/--only 3: outside the readers: TypeError: unforeseen$/),
      expect.stringMatching(/--only 4: took \d+ ms of processor time$/),
      expect.stringMatching(/--only 5: ends the worker with code 3$/),
      expect.stringMatching(/--only 6: does not end$/),
    ]);
  });

  it("repeats one case alone", async () => {
    const counts = await runCases(module, { cases: 10, seed: 5, only: 8 }, () => {});
    expect(counts).toMatchObject({ tried: 1, read: 1, faults: 0 });
  });
});

describe("random changes", () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
  const value = { a: [1, 2, { b: "text" }], c: { d: null } };

  it("are the same for the same seed and index, and change almost every time", () => {
    const changed = Array.from({ length: 200 }, (_, i) =>
      mutateBytes(generator(3, i), bytes, bytes),
    );
    const again = Array.from({ length: 200 }, (_, i) => mutateBytes(generator(3, i), bytes, bytes));
    expect(changed).toEqual(again);
    expect(changed.filter((one) => !one.equals(bytes)).length).toBeGreaterThan(190);
    const texts = Array.from({ length: 200 }, (_, i) =>
      JSON.stringify(mutateJson(generator(3, i), value)),
    );
    expect(texts.filter((text) => text !== JSON.stringify(value)).length).toBeGreaterThan(190);
    expect(value).toEqual({ a: [1, 2, { b: "text" }], c: { d: null } });
  });

  it("notices a changed prototype", () => {
    expect(polluted()).toBe(false);
    const prototype = Object.prototype as { added?: number };
    prototype.added = 1;
    expect(polluted()).toBe(true);
    delete prototype.added;
    expect(polluted()).toBe(false);
  });
});
