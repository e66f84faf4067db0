import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { init, type Tensor, tensor } from "../src/arrays/index.ts";
import { dims } from "../src/core/dims.ts";
import { type NdArray, nd } from "../src/core/nd.ts";
import type { LogitDifferences, Model, Weights } from "../src/models/model.ts";
import { tokenTable } from "../src/models/token-table.ts";
import { TorchGenerator } from "../src/rng/index.ts";
import { modelConfigs } from "./support/configs.ts";
import { glossaryTerms } from "./support/glossary.ts";
import { readBarrel } from "./support/registries.ts";
import { undocumented } from "./support/schemas.ts";

const batch = 2;

const tokens: NdArray = nd("int32", [batch, 5], [1, 4, 0, 4, 6, 4, 4, 2, 1, 0]);

function uploaded(arrays: Readonly<Record<string, NdArray>>): Weights {
  return Object.fromEntries(Object.entries(arrays).map(([name, x]) => [name, tensor(x)]));
}

/** Names of the points that fired and what does not fit their axes. */
function fire(model: Model<unknown>, config: unknown, weights: Weights) {
  const points = new Map(model.points(config).map((point) => [point.name, point]));
  const known: Record<string, number> = { batch, pos: 5, dest: 5, src: 5, one: 1 };
  const fired: string[] = [];
  const problems: string[] = [];
  const logits = model.forward(weights, config, tensor(tokens), (name, x: Tensor) => {
    fired.push(name);
    const point = points.get(name);
    if (point === undefined) problems.push(`${name} is not a point`);
    else problems.push(...axisProblems(name, x, point.axes, known));
    return x;
  });
  problems.push(...axisProblems("logits", logits, "batch pos d_vocab_out", known));
  return { fired, problems, logits };
}

/** Complaints when `x` does not have the axes named; `known` gains the sizes it shows. */
function axisProblems(
  name: string,
  x: { readonly shape: readonly number[] },
  axes: string,
  known: Record<string, number>,
): string[] {
  try {
    Object.assign(known, dims(name, x, axes, known));
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

const largest = (x: ArrayLike<number>) =>
  Array.from(x).reduce((max, y) => Math.max(max, Math.abs(y)), 0);

const models = Object.entries(await readBarrel("models")) as [string, Model<unknown>][];

beforeAll(() => init("wasm"));

describe.each(models)("model %s", (_, model) => {
  it("documents every field of its configuration and its source", () => {
    expect(undocumented(model.config)).toEqual([]);
    expect(model.title.length * model.source.paper.length).toBeGreaterThan(0);
  });

  it("uses axis names of the glossary only", () => {
    const terms = new Set(glossaryTerms("Axes"));
    const named = modelConfigs(model).flatMap(([, config]) => [
      ...model.points(config),
      ...model.parameters(config),
    ]);
    const unknown = named.flatMap(({ axes }) => axes.split(" ")).filter((axis) => !terms.has(axis));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it("has hook names of the glossary only", () => {
    const patterns = new Set(glossaryTerms("Hook points"));
    const names = modelConfigs(model).flatMap(([, config]) =>
      model.points(config).map(({ name }) => name),
    );
    const unknown = names.map((name) => name.replace(/^blocks\.\d+/, "blocks.{layer}"));
    expect([...new Set(unknown)].filter((name) => !patterns.has(name))).toEqual([]);
  });

  describe.each(modelConfigs(model))("%s", (_title, config) => {
    const arrays = model.init(config, new TorchGenerator(5));

    it("draws every parameter in its order and shape, decided by the seed", () => {
      const parameters = model.parameters(config);
      expect(Object.entries(arrays).map(([name, { shape }]) => [name, [...shape]])).toEqual(
        parameters.map(({ name, shape }) => [name, [...shape]]),
      );
      const known: Record<string, number> = {};
      const problems = parameters.flatMap((p) => axisProblems(p.name, p, p.axes, known));
      expect(problems).toEqual([]);
      expect(model.init(config, new TorchGenerator(5))).toEqual(arrays);
      expect(model.init(config, new TorchGenerator(6))).not.toEqual(arrays);
    });

    it("fires exactly the points it lists, in that order, with those axes", () => {
      const { fired, problems } = fire(model, config, uploaded(arrays));
      const listed = model.points(config);
      expect(problems).toEqual([]);
      expect(fired).toEqual(listed.filter(({ fires }) => fires).map(({ name }) => name));
      for (const { fires, enabledBy } of listed)
        expect(fires || enabledBy !== undefined).toBe(true);
    });

    it("computes the same last logits on the fast path", () => {
      const weights = uploaded(arrays);
      const plain = fire(model, config, weights).logits.at([], -1).readSync();
      const fast = model.lastLogits(weights, config, tokenTable(tokens)).readSync();
      expect(fast.shape).toEqual(plain.shape);
      const difference = Float64Array.from(plain.data, (x, i) => x - (fast.data[i] as number));
      expect(largest(plain.data)).toBeGreaterThan(0);
      expect(largest(difference) / largest(plain.data)).toBeLessThan(1e-5);
    });

    if (model.logitDifferences === undefined || !("unembed.W_U" in arrays)) return;
    it("has logits that differ as it says", () => {
      const weights = uploaded(arrays);
      const narrow = model.logitDifferences?.(weights, config) as LogitDifferences<unknown>;
      const logits = fire(model, config, weights).logits;
      const columns = logits.shape[2] as number;
      expect(narrow.dVocabOut).toBe(columns - 1);
      const differences = logits
        .at([], [], [0, columns - 1])
        .sub(logits.at([], [], [columns - 1, columns]));
      const got = fire(model, narrow.config, narrow.weights).logits;
      expect(got.shape).toEqual(differences.shape);
      const expected = differences.readSync().data;
      expect(largest(expected)).toBeGreaterThan(0);
      expect(largest(got.sub(differences).readSync().data) / largest(expected)).toBeLessThan(1e-5);
    });
  });
});

describe("the model contract can fail", () => {
  const config = z.object({
    nCtx: z.int().meta({ description: "Positions." }),
    bias: z.boolean().default(false),
  });
  const broken: Model<unknown> = {
    name: "Broken",
    title: "Broken",
    source: { paper: "none" },
    config,
    parameters: () => [],
    points: () => [{ name: "hook_embed", axes: "batch pos d_model", fires: true }],
    init: () => ({}),
    forward(_weights, _config, x, hook) {
      hook("hook_embed", x);
      return hook("hook_other", x);
    },
    lastLogits: (_weights, _config, table) => tensor(table.tokens),
  };

  it("on an unlisted point, a wrong shape and an undocumented field", () => {
    const { fired, problems } = fire(broken, {}, {});
    expect(fired).toEqual(["hook_embed", "hook_other"]);
    expect(problems).toEqual([
      'hook_embed "batch pos d_model": expected [2,5,?], got [2,5]',
      "hook_other is not a point",
      'logits "batch pos d_vocab_out": expected [2,5,?], got [2,5]',
    ]);
    expect(undocumented(config)).toEqual(["bias"]);
  });

  it("for each value of a choice", () => {
    expect(modelConfigs(broken).map(([title]) => title)).toEqual([
      "small",
      "bias false",
      "bias true",
    ]);
  });

  it("on one axis name with two sizes", () => {
    const known: Record<string, number> = {};
    expect(axisProblems("a", { shape: [3, 4] }, "head pos", known)).toEqual([]);
    expect(axisProblems("b", { shape: [3] }, "pos", known)).toEqual([
      'b "pos": expected [4], got [3]',
    ]);
  });
});
