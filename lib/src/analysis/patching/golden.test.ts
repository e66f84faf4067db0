import { beforeAll, describe, expect, it } from "vitest";
import golden from "../../../goldens/patching.golden.json" with { type: "json" };
import type { Backend } from "../../compile/backend.ts";
import { nativeBackend } from "../../compile/backends/native/index.ts";
import type { ActivationCache, HookedModel, HookedTransformerConfig } from "../../models/index.ts";
import * as transformerlens from "../transformerlens/index.ts";
import type { EveryPatch, Metric, PatchResult } from "./index.ts";
import { modelByFormula } from "./testing/model.ts";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const difference: Metric = (logits) => logits.at([], -1, 3).sub(logits.at([], -1, 1));
const square: Metric = (logits) => logits.mul(logits).mean();
const metrics: { readonly [name: string]: Metric } = { difference, square };

/** `getActPatchResidPre` for "resid_pre". */
function patchOf(family: string): EveryPatch {
  const camel = family.replace(/(^|_)(.)/g, (_all, _, letter: string) => letter.toUpperCase());
  const named = transformerlens as unknown as Readonly<Record<string, EveryPatch>>;
  return named[`getActPatch${camel}`] as EveryPatch;
}

function expectNumbers(got: PatchResult, want: Numbers, what: string): void {
  expect(got.values.shape, what).toEqual(want.shape);
  expect(
    got.labels.map(({ length }) => length),
    what,
  ).toEqual(want.shape);
  const errors = want.data.map((x, i) => Math.abs(x - (got.values.data[i] ?? Number.NaN)));
  expect(Math.max(...errors), what).toBeLessThan(1e-5);
}

describe.each(Object.entries(golden.models))("patching: %s", (_, { config, metrics: wanted }) => {
  let model: HookedModel<HookedTransformerConfig>;
  let clean: ActivationCache;
  let backend: Backend;
  beforeAll(async () => {
    model = await modelByFormula(config);
    clean = model.runWithCache(golden.clean).cache;
    backend = await nativeBackend();
  });

  it("has TransformerLens's numbers, with one forward pass per index", async () => {
    const want = wanted.difference;
    const families = Object.entries(want.patches).filter(([family]) => !family.endsWith("every"));
    for (const [family, numbers] of families) {
      const got = await patchOf(family)(model, golden.corrupted, clean, difference);
      expectNumbers(got, numbers, family);
      expect(Math.abs(got.baseline - want.baseline), family).toBeLessThan(1e-5);
    }
  }, 120_000);

  it.each(Object.entries(wanted))(
    "has TransformerLens's numbers for %s, compiled",
    async (name, want) => {
      const metric = metrics[name] as Metric;
      for (const [family, numbers] of Object.entries<Numbers>(want.patches)) {
        const got = await patchOf(family)(model, golden.corrupted, clean, metric, { backend });
        expectNumbers(got, numbers, family);
        expect(Math.abs(got.baseline - want.baseline), family).toBeLessThan(1e-5);
      }
    },
    120_000,
  );
});
