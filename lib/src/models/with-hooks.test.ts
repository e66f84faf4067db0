import { beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { init as startArrays, type Tensor } from "../arrays/index.ts";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { HookedTransformer } from "./create.ts";
import type { HookEntry } from "./hook-entries.ts";
import { zeroAblateHeads } from "./hooks.ts";
import type { LogitsAndLoss } from "./run-forward.ts";
import { tokenTable } from "./token-table.ts";

const options = { dModel: 8, dHead: 4, nLayers: 2, nCtx: 4, dVocab: 6, dMlp: 12 };
const tokens = [
  [0, 1, 2, 3],
  [5, 4, 3, 3],
];
const hooks: readonly HookEntry[] = [
  ["blocks.1.attn.hook_z", zeroAblateHeads([0])],
  [(name) => name.endsWith("mlp.hook_post"), (x) => x.mul(0.5)],
];

const numbers = (x: Tensor): number[] => [...x.readSync().data];
const create = () => HookedTransformer.create(options, { seed: 2 });

function expectClose(got: Tensor, wanted: Tensor): void {
  expect(got.shape).toEqual(wanted.shape);
  const [a, b] = [numbers(got), numbers(wanted)];
  expect(Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number))))).toBeLessThan(1e-6);
}

beforeAll(() => startArrays());

describe("withHooks", () => {
  it("gives a model whose every pass has the changes, and leaves the first one alone", async () => {
    const model = await create();
    const plain = numbers(model.forward(tokens));
    const hooked = model.withHooks(hooks);
    const wanted = model.runWithHooks(tokens, hooks);
    expect(numbers(wanted)).not.toEqual(plain);
    expect(numbers(hooked.forward(tokens))).toEqual(numbers(wanted));
    const { cache, logits } = hooked.runWithCache(tokens);
    expect(numbers(logits)).toEqual(numbers(wanted));
    expect(numbers(cache.get("z", 1).at([], [], 0)).every((x) => x === 0)).toBe(true);
    expect(numbers(model.forward(tokens))).toEqual(plain);
  });

  it("changes the last logits and stretches of a pass as well", async () => {
    const model = await create();
    const hooked = model.withHooks(hooks);
    const table = tokenTable({
      dtype: "int32",
      shape: [2, 4],
      data: Int32Array.from(tokens.flat()),
    });
    const last = hooked.model.lastLogits(hooked.weights, hooked.config, table);
    expectClose(last, hooked.forward(tokens).at([], -1));
    expect(hooked.model.logitsAt).toBeUndefined();
    const everywhere = model.withHooks(hooks.slice(1));
    const middle = everywhere.forward(tokens, { stopAtLayer: 1 });
    const before = hooks.filter(([name]) => !String(name).startsWith("blocks.1"));
    expectClose(middle, model.runWithHooks(tokens, before, { stopAtLayer: 1 }));
    expectClose(hooked.forward(middle, { startAtLayer: 1 }), hooked.forward(tokens));
  });

  it("refuses a stretch of a pass that leaves one of them out, as runWithHooks does", async () => {
    const hooked = (await create()).withHooks([hooks[0] as HookEntry]);
    const wanted =
      'withHooks: hook point "blocks.1.attn.hook_z" does not fire from stopAtLayer 1 on';
    expect(() => hooked.forward(tokens, { stopAtLayer: 1 })).toThrow(wanted);
    expect(() => hooked.runWithHooks(tokens, [], { stopAtLayer: 1 })).toThrow(wanted);
    const twice = hooked.withHooks([["hook_embed", (x) => x.mul(2)]]);
    expect(() => twice.forward(tokens, { stopAtLayer: 1 })).toThrow(wanted);
    const middle = hooked.forward(tokens, { stopAtLayer: 2 });
    expect(() => twice.forward(middle, { startAtLayer: 1 })).toThrow(InputError);
    expect(
      hooked.runWithCache(tokens, { names: ["hook_embed"], stopAfterLast: true }).cache.size,
    ).toBe(1);
  });

  it("nests: hooks of a run see what the ones that stay have left", async () => {
    const hooked = (await create()).withHooks([["hook_embed", (x) => x.mul(0).add(2)]]);
    const seen: number[] = [];
    hooked.runWithHooks(tokens, [
      [
        "hook_embed",
        (x) => {
          seen.push(...numbers(x));
        },
      ],
    ]);
    expect(new Set(seen)).toEqual(new Set([2]));
    const twice = hooked.withHooks([["hook_embed", (x) => x.add(1)]]).runWithCache(tokens).cache;
    expect(new Set(numbers(twice.get("embed")))).toEqual(new Set([3]));
  });

  it("refuses at once what does not fire", async () => {
    const model = await create();
    const change = (x: Tensor): Tensor => x;
    expect(() => model.withHooks([["blocks.0.hook_resid_mit", change]])).toThrow(UnknownNameError);
    expect(() => model.withHooks([["blocks.0.attn.hook_result", change]])).toThrow(
      new InputError(
        'withHooks: hook point "blocks.0.attn.hook_result" does not fire; set useAttnResult: true in the configuration',
      ),
    );
  });
});

describe("runWithHooks of a model", () => {
  it("gives what forward gives with the same options", async () => {
    const model = await create();
    const loss = model.runWithHooks(tokens, hooks, { returnType: "loss" });
    expectTypeOf(loss).toEqualTypeOf<Tensor>();
    const both = model.runWithHooks(tokens, hooks, { returnType: "both" });
    expectTypeOf(both).toEqualTypeOf<LogitsAndLoss>();
    expect(loss.item()).toBe(both.loss.item());
    expect(numbers(both.logits)).toEqual(numbers(model.runWithHooks(tokens, hooks)));
    const hooked = model.withHooks(hooks);
    expect(loss.item()).toBe(hooked.forward(tokens, { returnType: "loss" }).item());
    expect(loss.item()).not.toBe(model.forward(tokens, { returnType: "loss" }).item());
  });
});

describe("runWithCache with an attention mask", () => {
  it("caches what the padded pass computes, and leaves padding out of the loss", async () => {
    const model = await create();
    const padded = [[0, 0, 1, 2]];
    const attentionMask = [[0, 1, 1, 1]];
    const short = model.runWithCache([[0, 1, 2]], { inclBwd: true });
    const { cache, logits, loss } = model.runWithCache(padded, { attentionMask, inclBwd: true });
    expectClose(logits.at([], [1]), short.logits);
    expect(loss.item()).toBeCloseTo(short.loss.item(), 6);
    for (const name of ["resid_post", "resid_mid_grad", "mlp_out_grad"] as const) {
      expectClose(cache.get(name, 1).at([], [1]), short.cache.get(name, 1));
    }
    const sources = cache.get("pattern", 0).at([], [], [1], 0);
    expect(numbers(sources).every((x) => x === 0)).toBe(true);
  });
});
