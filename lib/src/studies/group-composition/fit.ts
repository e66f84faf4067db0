/** The parameters of a model in a file, and the `cfg.json` that rep-theory-mech-interp saves with its models. */

import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { printable } from "../../core/text.ts";
import { groupByName } from "../../groups/index.ts";
import type { FileFacts } from "../../lab/index.ts";
import { agreed } from "../shared/fit.ts";
import { kindOf } from "./kinds.ts";
import type { GroupCompositionParams } from "./params.ts";

const study = "group-composition";

/**
 * The parameters with the network and the sizes of a model, and with the group, the share of training
 * pairs and the seed that the published `cfg.json` in its folder says. A model alone does not say what
 * group it is of, so it must be given then.
 * @throws InputError for a group that is not given, and for parameters given that contradict.
 */
export function fitFile(params: GroupCompositionParams, file: FileFacts): GroupCompositionParams {
  const { given, beside } = file;
  const { order, ...sizes } = sizesOf(file);
  const text = beside[settingsName];
  const said = text === undefined ? { model: sizes.model } : readSettings(settingsName, text);
  const ofModel = agreed(study, params, file, sizes, "the weights have");
  if (said.model !== sizes.model) {
    throw new InputError(
      `${settingsName}: says ${said.model}, the weights are those of a ${sizes.model}; it belongs to another file`,
    );
  }
  const fitted = agreed(study, ofModel, file, said, `${settingsName} says`);
  if (text === undefined && !given.has("group")) {
    throw new InputError(
      `group-composition: the weights are of a group of ${order} elements and do not say which; give it by --set group=${candidates(order).join(" or ")}`,
    );
  }
  checkOrder(fitted.group, order);
  return fitted;
}

/** Throws `InputError` where a group has not the number of elements that a model answers. */
export function checkOrder(group: string, order: number): void {
  const named = groupByName(group).order;
  if (named === order) return;
  throw new InputError(
    `group-composition: group ${group} has ${named} elements, the weights are of a group of ${order}; set group to one such as ${candidates(order).join(" or ")}`,
  );
}

type Found = Partial<GroupCompositionParams>;

function sizesOf({
  model,
  config,
}: FileFacts): Found & Pick<GroupCompositionParams, "model"> & { order: number } {
  if (kindOf(model) === undefined) {
    throw new InputError(
      `group-composition: the model must be a one-layer-mlp, bilinear or hooked-transformer, got ${model}`,
    );
  }
  const { dVocabOut: order, dModel, nHeads, dMlp, dEmbed, bias } = config as Record<string, number>;
  const kind = model as GroupCompositionParams["model"];
  if (kind === "hooked-transformer") {
    return { model: kind, order: Number(order), ...defined({ dModel, nHeads, dMlp }) };
  }
  const embedding = { model: kind, order: Number(order), ...defined({ dEmbed }) };
  return kind === "bilinear"
    ? embedding
    : { ...embedding, ...defined({ dMlp }), bias: Boolean(bias) };
}

function defined(fields: Readonly<Record<string, number | undefined>>): Found {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Names of groups of some order, the cyclic one first. */
function candidates(order: number): readonly string[] {
  const named = [
    ["C", 1, 720],
    ["D", 2, 360],
  ] as const;
  const out = named
    .filter(([, times, most]) => order % times === 0 && order / times <= most && order / times > 2)
    .map(([letter, times]) => `${letter}${order / times}`);
  for (let n = 3, factorial = 6; n <= 6; n++, factorial *= n) {
    if (factorial === order) out.push(`S${n}`);
    if (factorial / 2 === order) out.push(`A${n}`);
  }
  return out.length === 0 ? [`C${order}`] : out;
}

/** Name of the file, in the folder of the weights. */
export const settingsName = "cfg.json";

const file = z.object({
  group: z.enum(["CyclicGroup", "DihedralGroup", "SymmetricGroup", "AlternatingGroup"]),
  group_parameter: z.int().positive(),
  model: z.enum(["OneLayerMLP", "BilinearNet", "Transformer"]),
  frac_train: z.number().gt(0).lt(1),
  seed: z.int().min(0).max(0xffffffff),
});

const letters = {
  CyclicGroup: "C",
  DihedralGroup: "D",
  SymmetricGroup: "S",
  AlternatingGroup: "A",
} as const;

const kinds: { readonly [M in z.infer<typeof file>["model"]]: GroupCompositionParams["model"] } = {
  OneLayerMLP: "one-layer-mlp",
  BilinearNet: "bilinear",
  Transformer: "hooked-transformer",
};

/** What the file says, under the names of the study's parameters. */
export interface Settings {
  readonly group: string;
  readonly model: GroupCompositionParams["model"];
  readonly trainFraction: number;
  readonly seed: number;
}

/** The settings in the text of a file. Throws `InputError`, opened by `where`, for any other text. */
export function readSettings(where: string, text: string): Settings {
  const { group, group_parameter, model, frac_train, seed } = parsed(where, text);
  return {
    group: `${letters[group]}${group_parameter}`,
    model: kinds[model],
    trainFraction: frac_train,
    seed,
  };
}

function parsed(where: string, text: string): z.infer<typeof file> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${where}: is not JSON; correct it, or move it out of the folder`);
  }
  const result = file.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0] as z.core.$ZodIssue;
  throw new InputError(
    `${where}: ${path.join(".") || "the file"} is not what rep-theory-mech-interp writes (${printable(message, 120)}); correct it, or move it out of the folder`,
  );
}
