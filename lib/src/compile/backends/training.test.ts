import { beforeAll, describe, expect, it } from "vitest";
import { init, type Tensor, tensor } from "../../arrays/index.ts";
import type { Backend, Value } from "../backend.ts";
import { type Compiled, compile } from "../compile.ts";
import { adamwStep, corrections, initialArguments, type Weights } from "../testing/mlp.ts";
import { jaxBackend } from "./jax/index.ts";
import { nativeBackend } from "./native/index.ts";
import { webBackend } from "./web/index.ts";

type Held = { readonly [name: string]: Value };
type Result = { loss: Value; weights: Held; first: Held; second: Held };

const backends = [
  { name: "native", make: nativeBackend },
  { name: "web", make: webBackend },
  { name: "jax", make: jaxBackend },
] as const;

function freeAll(...trees: readonly Held[]): void {
  for (const tree of trees) for (const value of Object.values(tree)) value.dispose();
}

/** Train for `steps`; the losses, and every weight at the end. */
async function trained(
  compiled: Compiled,
  steps: number,
  watch: (step: number) => void = () => {},
): Promise<{ losses: number[]; weights: { [name: string]: number[] } }> {
  const [weights, first, second] = initialArguments();
  let state = (await compiled.run(weights, first, second, corrections(1))) as Result;
  const losses: number[] = [(await state.loss.read()).data[0] as number];
  for (let n = 2; n <= steps; n++) {
    const next = (await compiled.run(
      state.weights,
      state.first,
      state.second,
      corrections(n),
    )) as Result;
    state.loss.dispose();
    freeAll(state.weights, state.first, state.second);
    state = next;
    losses.push((await state.loss.read()).data[0] as number);
    watch(n);
  }
  const read = Object.entries(state.weights).map(async ([name, value]) => [
    name,
    [...(await value.read()).data],
  ]);
  const final = Object.fromEntries(await Promise.all(read));
  state.loss.dispose();
  freeAll(state.weights, state.first, state.second);
  return { losses, weights: final };
}

/** The same steps by jax-js, operation by operation. */
function eager(steps: number): { losses: number[]; weights: { [name: string]: number[] } } {
  const own = (arrays: object): Weights =>
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, tensor(array)]));
  const [w, m, v] = initialArguments().map(own) as [Weights, Weights, Weights];
  let state = { weights: w, first: m, second: v };
  const losses: number[] = [];
  for (let n = 1; n <= steps; n++) {
    const correction = own(corrections(n)) as { first: Tensor; second: Tensor };
    const next = adamwStep(state.weights, state.first, state.second, correction);
    losses.push(next.loss.item());
    state = next;
  }
  const read = Object.entries(state.weights).map(([name, x]) => [name, [...x.readSync().data]]);
  return { losses, weights: Object.fromEntries(read) };
}

describe.each(backends)("a training step with AdamW inside, on $name", ({ make }) => {
  let backend: Backend;
  let compiled: Compiled;
  beforeAll(async () => {
    await init();
    backend = await make();
    compiled = await compile(adamwStep, initialArguments(), { backend });
  });

  it("does 20 steps as jax-js does them one operation at a time", async () => {
    const [got, expected] = [await trained(compiled, 20), eager(20)];
    for (const [n, loss] of expected.losses.entries()) {
      expect(got.losses[n]).toBeCloseTo(loss, 5);
    }
    expect(expected.losses[19]).toBeLessThan((expected.losses[0] as number) - 0.1);
    for (const [name, weight] of Object.entries(expected.weights)) {
      for (const [i, x] of weight.entries()) expect(got.weights[name]?.[i]).toBeCloseTo(x, 3);
    }
  });

  it("gives the same bits when it is run again", async () => {
    expect(await trained(compiled, 20)).toEqual(await trained(compiled, 20));
  });

  it.each([1, 2])(
    "gives the same bits when it is compiled again, on %i threads",
    async (threads) => {
      const options = { backend, threads };
      const [one, other] = [
        await compile(adamwStep, initialArguments(), options),
        await compile(adamwStep, initialArguments(), options),
      ];
      expect(await trained(one, 10)).toEqual(await trained(other, 10));
      await one.release();
      await other.release();
    },
  );
});

describe.each(backends.slice(0, 2))("memory on $name", ({ make }) => {
  it("does not grow over 500 steps", { timeout: 60_000 }, async () => {
    await init();
    const compiled = await compile(adamwStep, initialArguments(), { backend: await make() });
    const used: number[] = [];
    await trained(compiled, 600, (step) => {
      if (step % 100 !== 0) return;
      globalThis.gc?.();
      const { external, arrayBuffers, heapUsed } = process.memoryUsage();
      used.push(external + arrayBuffers + heapUsed);
    });
    expect(used.length).toBe(6);
    expect((used[5] as number) - (used[0] as number)).toBeLessThan(2e6);
    await compiled.release();
  });
});
