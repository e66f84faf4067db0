import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { init, memory, ones, scope, type Tensor, tensor, zeros } from "./index.ts";
import { tidy } from "./scope.ts";

beforeAll(() => init());

describe("scope", () => {
  it("frees what was made inside and keeps what is kept", () => {
    const before = memory();
    let kept: Tensor | undefined;
    {
      using s = scope();
      const a = ones([1000]).add(1);
      kept = s.keep({ result: a.mul(2) }).result;
      expect(memory().tensors).toBeGreaterThan(before.tensors + 2);
    }
    expect(memory()).toEqual({ tensors: before.tensors + 1, bytes: before.bytes + 4000 });
    expect(kept.at(0).item()).toBe(4);
    kept.dispose();
  });

  it("nests: what the inner one keeps belongs to the outer one", () => {
    const before = memory().tensors;
    {
      using outer = scope();
      const kept: Tensor[] = [];
      {
        using inner = scope();
        kept.push(inner.keep(ones([2]).add(1)));
        kept.push(outer.keep(ones([2]).add(2)));
      }
      expect(kept[0]?.tolist()).toEqual([2, 2]);
      expect(() => kept[1]?.tolist()).toThrow("Tensor: freed");
    }
    expect(memory().tensors).toBe(before);
  });

  it("ends when an error passes, and leaves older tensors alone", () => {
    const older = tensor([1, 2]);
    const before = memory().tensors;
    const fail = (): void => {
      using s = scope();
      s.keep(older);
      ones([3]).add(older.sum());
      throw new RangeError("mine");
    };
    expect(fail).toThrow(new RangeError("mine"));
    expect(memory().tensors).toBe(before);
    expect(older.tolist()).toEqual([1, 2]);
  });

  it("may be disposed of early, twice, and out of order", () => {
    const before = memory().tensors;
    const first = scope();
    const second = scope();
    const a = zeros([2]).add(1);
    first[Symbol.dispose]();
    expect(a.tolist()).toEqual([1, 1]);
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    expect(() => a.tolist()).toThrow("Tensor: freed");
    expect(memory().tensors).toBe(before);
  });

  it("tidy keeps only the result", () => {
    const before = memory().tensors;
    const result = tidy(() => [ones([2]).add(1).mul(3)]);
    expect(memory().tensors).toBe(before + 1);
    expect(result[0]?.tolist()).toEqual([6, 6]);
  });
});

/** Peak resident memory in MB of a program in its own process, and what it printed. */
function resident(body: string): { readonly peak: number; readonly value: number } {
  const index = fileURLToPath(new URL("./index.ts", import.meta.url));
  const program = `
    import * as T from ${JSON.stringify(index)};
    await T.init();
    let value = 0;
    ${body}
    console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS / 1024, value }));
  `;
  const run = spawnSync(process.execPath, ["--input-type=module-typescript", "--eval", program], {
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  return JSON.parse(run.stdout);
}

describe("eager operations on 4 MB tensors stay under 500 MB", () => {
  const start = "let x = T.zeros([1000, 1000]).add(1);";

  it("2,048 with a scope around each step", () => {
    const { peak, value } = resident(`
      ${start}
      for (let i = 0; i < 2048; i++) {
        using s = T.scope();
        const next = s.keep(x.add(1 / 1024));
        x.dispose();
        x = next;
      }
      value = x.at(500, 500).item();
    `);
    expect(value).toBe(3);
    expect(peak).toBeLessThan(500);
  });

  it("10,000 with one scope around the whole loop, without ever yielding", () => {
    const { peak, value } = resident(`
      using s = T.scope();
      ${start}
      for (let i = 0; i < 10_000; i++) x = x.add(1 / 1024);
      value = x.at(500, 500).item();
    `);
    expect(value).toBe(1 + 10_000 / 1024);
    expect(peak).toBeLessThan(500);
  });

  it("2,048 with no scope, while a growing set of results is kept", () => {
    const { peak, value } = resident(`
      ${start}
      const kept = [];
      for (let i = 0; i < 2048; i++) {
        x = x.add(1 / 1024);
        if (i % 128 === 0) kept.push(x);
      }
      value = kept.reduce((sum, one) => sum + one.at(7, 7).item(), 0);
    `);
    const sum = Array.from({ length: 16 }, (_, i) => 1 + (128 * i + 1) / 1024);
    expect(value).toBe(sum.reduce((a, b) => a + b, 0));
    expect(peak).toBeLessThan(500);
  });

  it("200 gradients give back every intermediate", () => {
    const { peak, value } = resident(`
      const x = T.ones([1000, 1000]).mul(3);
      const loss = (t) => { const y = t.add(1); return y.div(y.add(1)).sum(); };
      for (let i = 0; i < 200; i++) {
        using s = T.scope();
        value = T.grad(loss)(x).at(0, 0).item();
      }
    `);
    expect(value).toBeCloseTo(1 / 25, 7);
    expect(peak).toBeLessThan(500);
  });
});
