import { beforeAll, describe, expect, it } from "vitest";
import golden from "../../../goldens/models.golden.json" with { type: "json" };
import {
  scope,
  init as startArrays,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../arrays/index.ts";
import { nd, sizeOf } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { crossEntropy, crossEntropyPerLabel, nextTokenLoss } from "../loss.ts";
import type { WeightArrays, Weights } from "../model.ts";
import { parseConfig } from "../parse.ts";
import { runWithCache } from "../run.ts";
import { type HookedTransformerConfig, hookedTransformer } from "./index.ts";

const parse = (options: unknown): HookedTransformerConfig =>
  parseConfig("test", hookedTransformer.config, options);
const tokens = () => tensor(golden.tokens, { dtype: "int32" });

/** The weights of `fill` in lib/goldens/models.py. */
function byFormula(config: HookedTransformerConfig): WeightArrays {
  return Object.fromEntries(
    hookedTransformer.parameters(config).map(({ name, shape }, k) => {
      const base = name.endsWith(".w") ? 1 : 0;
      const data = Float64Array.from(
        { length: sizeOf(shape) },
        (_, i) => base + 0.3 * Math.sin(1.7 * k + 0.61 * i + 0.1),
      );
      return [name, nd("float32", shape, data)];
    }),
  );
}

const toTensors = (weights: WeightArrays): Weights =>
  Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, tensor(array)]));

function summary(x: Tensor) {
  const { shape, data } = x.readSync();
  const finite = [...data].filter(Number.isFinite);
  return { shape: [...shape], sum: finite.reduce((a, b) => a + b, 0), first: finite.slice(0, 3) };
}

/** Sums of n numbers of size s may differ by a rounding of each. */
function expectClose(got: number[], want: number[], tolerance: number, what: string): void {
  expect(got.length, what).toBe(want.length);
  for (const [i, value] of want.entries()) {
    expect(Math.abs((got[i] ?? Number.NaN) - value), `${what}[${i}]`).toBeLessThan(tolerance);
  }
}

beforeAll(() => startArrays());

describe.each(Object.entries(golden.models))("HookedTransformer: %s", (_, model) => {
  const config = parse(model.config);

  it("has TransformerLens's logits, activations and order of firing", () => {
    using _scope = scope();
    const weights = toTensors(byFormula(config));
    const { logits, cache } = runWithCache(hookedTransformer, weights, config, tokens());
    expectClose([...logits.readSync().data], model.logits, 1e-5, "logits");
    expect([...cache.keys()]).toEqual(model.hooks.map((h) => h.name));
    for (const { name, shape, sum, first } of model.hooks) {
      const got = summary(cache.get(name) as Tensor);
      expect(got.shape, name).toEqual(shape);
      expectClose(got.first, first, 1e-5, name);
      expectClose([got.sum], [sum], 1e-5 * Math.max(1, Math.sqrt(sizeOf(shape))), `${name} sum`);
    }
  });

  it("has TransformerLens's losses and gradients", () => {
    using _scope = scope();
    const weights = toTensors(byFormula(config));
    const labels = tensor(
      golden.tokens.map((row) => row.map((t) => t % config.dVocabOut)),
      { dtype: "int32" },
    );
    const loss = (w: Weights): Tensor =>
      crossEntropy(
        hookedTransformer.forward(w, config, tokens(), (_name, x) => x),
        labels,
      );
    const [value, gradients] = valueAndGrad(loss)(weights);
    expect(Math.abs(value.item() - model.loss)).toBeLessThan(1e-5);
    for (const { name, grad } of model.parameters) {
      const got = summary(gradients[name] as Tensor);
      expectClose(got.first, grad.first, 1e-5, name);
      expectClose([got.sum], [grad.sum], 1e-4, `${name} sum`);
    }
    const logits = hookedTransformer.forward(weights, config, tokens(), (_name, x) => x);
    expect(Math.abs(nextTokenLoss(logits, tokens()).item() - model.lmLoss)).toBeLessThan(1e-5);
  });
});

/** Losses in float64: jax-js's own float32 logarithm is only good to 1e-5. */
describe("HookedTransformer at seed 0", () => {
  const base = golden.inits.gpt2.config;
  const run = (changes: object) => {
    const config = parse({ ...base, ...changes });
    const weights = toTensors(hookedTransformer.init(config, new TorchGenerator(0)));
    const out = runWithCache(hookedTransformer, weights, config, tokens());
    const loss = nextTokenLoss(out.logits.astype("float64"), tokens()).item();
    return { ...out, loss };
  };

  it("has the published logits, patterns and losses", () => {
    const { logits, cache, loss } = run({});
    const row = (x: Tensor): number[] => [...x.readSync().data];
    expectClose(
      row(logits.at(0, -1)),
      [-0.472539, -1.377955, -0.097057, 0.545229, -0.322474, 0.046314, -0.074165],
      2e-6,
      "logits[0, -1]",
    );
    expectClose(
      row(logits.at(1, -1)),
      [0.123624, -0.603057, -0.674534, 1.242488, -1.058675, 0.044644, -0.492534],
      2e-6,
      "logits[1, -1]",
    );
    const pattern = cache.get("blocks.0.attn.hook_pattern") as Tensor;
    expectClose(
      row(pattern.at(0, [], -1)),
      [
        0.169895, 0.217891, 0.14921, 0.229119, 0.233886, 0.166453, 0.179183, 0.209712, 0.211983,
        0.232669,
      ],
      2e-6,
      "pattern[0, :, -1]",
    );
    expectClose(
      row((cache.get("ln_final.hook_scale") as Tensor).at(0)),
      [0.72983, 0.816164, 0.894827, 1.400249, 0.595061],
      2e-6,
      "scale",
    );
    expectClose(
      row((cache.get("blocks.0.hook_resid_post") as Tensor).at(0, -1)),
      [-0.284359, -0.288, 0.125412, -0.872749, 0.612399, 0.583953, -0.101894, 1.125311],
      2e-6,
      "resid_post[0, -1]",
    );
    expect(loss).toBeCloseTo(1.8051116466522217, 6);
    const known = logits.at([], [0, 4]).astype("float64");
    const perToken = crossEntropyPerLabel(known, tokens().at([], [1]));
    expectClose(
      row(perToken),
      [2.519788, 1.662409, 1.360485, 1.32294, 1.969748, 1.652627, 2.483451, 1.469446],
      2e-6,
      "loss per token",
    );
  });

  it.each([
    [{ actFn: "gelu" }, 1.750691294670105],
    [{ normalizationType: null }, 1.6654905080795288],
    [{ attnOnly: true, nLayers: 2 }, 1.9060431718826294],
    [{ positionalEmbeddingType: "rotary" }, 2.602332353591919],
    [{ normalizationType: "RMS" }, 1.6988450288772583],
  ])("has the published loss with %o", (changes, loss) => {
    expect(run(changes).loss).toBeCloseTo(loss, 6);
  });

  it("has TransformerLens's losses over five steps of AdamW", () => {
    const config = parse(base);
    let weights = hookedTransformer.init(config, new TorchGenerator(0));
    const moments = Object.values(weights).map(({ data }) => ({
      m: new Float64Array(data.length),
      v: new Float64Array(data.length),
    }));
    for (let step = 1; step <= 5; step++) {
      using _scope = scope();
      const logitsOf = (w: Weights): Tensor =>
        hookedTransformer.forward(w, config, tokens(), (_name, x) => x);
      const [, gradients] = valueAndGrad((w: Weights) => nextTokenLoss(logitsOf(w), tokens()))(
        toTensors(weights),
      );
      const loss = nextTokenLoss(logitsOf(toTensors(weights)).astype("float64"), tokens());
      expect(loss.item()).toBeCloseTo(golden.adamw[step - 1] ?? Number.NaN, 5);
      weights = Object.fromEntries(
        Object.entries(weights).map(([name, { shape, data }], k) => {
          const g = (gradients[name] as Tensor).readSync().data;
          const { m, v } = moments[k] as { m: Float64Array; v: Float64Array };
          const next = Float64Array.from(data, (w, i) => {
            m[i] = 0.9 * m[i]! + 0.1 * g[i]!;
            v[i] = 0.98 * v[i]! + 0.02 * g[i]! ** 2;
            const bias = Math.sqrt(v[i]! / (1 - 0.98 ** step)) + 1e-8;
            return w * (1 - 1e-2) - (1e-2 * m[i]!) / (1 - 0.9 ** step) / bias;
          });
          return [name, nd("float32", shape, next)];
        }),
      );
    }
  });
});
