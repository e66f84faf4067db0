import { describe, expect, it } from "vitest";
import { InputError } from "../../core/errors.ts";
import type { FileFacts } from "../../lab/index.ts";
import { groupComposition } from "./article.ts";
import { kinds } from "./kinds.ts";
import { type GroupCompositionParams, groupCompositionParams } from "./params.ts";

const { fit, knowsData } = groupComposition as Required<typeof groupComposition>;

const settings = {
  group: "DihedralGroup",
  group_parameter: 5,
  model: "OneLayerMLP",
  frac_train: 0.3,
  seed: 7,
  layers: { embed_dim: 256, hidden_dim: 128 },
};

/** A model of a group of ten elements, with what is known of its file. */
function facts(
  given: readonly string[],
  beside?: string | object,
  model: GroupCompositionParams["model"] = "one-layer-mlp",
  bias = false,
): FileFacts {
  const text = typeof beside === "string" ? beside : JSON.stringify(beside);
  return {
    model,
    config: kinds[model].config({ dEmbed: 6, dMlp: 12, bias, dModel: 8, nHeads: 2 }, 10),
    given: new Set(given),
    beside: beside === undefined ? {} : { "cfg.json": text },
  };
}

const fitted = (
  params: Partial<GroupCompositionParams>,
  beside?: string | object,
  model?: GroupCompositionParams["model"],
  bias?: boolean,
) => fit(groupCompositionParams.parse(params), facts(Object.keys(params), beside, model, bias));

describe("the parameters of a model in a file", () => {
  it("have sizes from the weights, and group, fraction and seed from the file beside them", () => {
    expect(fitted({}, settings)).toMatchObject({
      ...{ model: "one-layer-mlp", dEmbed: 6, dMlp: 12, bias: false },
      ...{ group: "D5", trainFraction: 0.3, seed: 7 },
    });
    const transformer = { ...settings, model: "Transformer" };
    expect(fitted({}, transformer, "hooked-transformer")).toMatchObject({
      ...{ model: "hooked-transformer", dModel: 8, nHeads: 2, dMlp: 12, group: "D5" },
    });
  });

  it("tell the networks apart without such a file", () => {
    const group = { group: "C10" };
    expect(fitted(group, undefined, "bilinear").model).toBe("bilinear");
    expect(fitted(group, undefined, "one-layer-mlp", true).bias).toBe(true);
    expect(fitted(group)).toMatchObject({ group: "C10", trainFraction: 0.5, seed: 1 });
  });

  it("know their data from the file, or from a seed and a fraction that are given", () => {
    expect(knowsData(facts([], settings))).toBe(true);
    expect(knowsData(facts(["seed", "trainFraction"]))).toBe(true);
    expect(knowsData(facts(["group", "seed"]))).toBe(false);
  });

  it.each<readonly [string, () => unknown, string]>([
    [
      "a group that nothing tells",
      () => fitted({}),
      "group-composition: the weights are of a group of 10 elements and do not say which; give it by --set group=C10 or D5",
    ],
    [
      "a group of another order",
      () => fitted({ group: "S4" }),
      "group-composition: group S4 has 24 elements, the weights are of a group of 10; set group to one such as C10 or D5",
    ],
    [
      "a fraction that contradicts the file",
      () => fitted({ trainFraction: 0.5 }, settings),
      "group-composition: trainFraction was given as 0.5, cfg.json says 0.3; leave it out",
    ],
    [
      "a group that contradicts the file",
      () => fitted({ group: "C10" }, settings),
      "group-composition: group was given as C10, cfg.json says D5; leave it out",
    ],
    [
      "a size that contradicts the weights",
      () => fitted({ dMlp: 128 }, settings),
      "group-composition: dMlp was given as 128, the weights have 12; leave it out",
    ],
    [
      "a file of another model",
      () => fitted({}, { ...settings, model: "Transformer" }),
      "cfg.json: says hooked-transformer, the weights are those of a one-layer-mlp; it belongs to another file",
    ],
    [
      "a file that is no JSON",
      () => fitted({ group: "D5" }, "{"),
      "cfg.json: is not JSON; correct it, or move it out of the folder",
    ],
    [
      "a file without a seed",
      () => fitted({}, { ...settings, seed: undefined }),
      "cfg.json: seed is not what rep-theory-mech-interp writes (Invalid input: expected number, received undefined); correct it, or move it out of the folder",
    ],
  ])("refuse %s", (_, act, message) => {
    expect(act).toThrow(new InputError(message));
  });
});
