/** The parameters of a model in a file. */

import { InputError } from "../../core/errors.ts";
import { groupByName } from "../../groups/index.ts";
import type { FileFacts } from "../../lab/index.ts";
import { kindOf } from "./kinds.ts";
import type { GroupCompositionParams } from "./params.ts";
import { readSettings, settingsName } from "./settings.ts";

/**
 * The parameters with the network and the sizes of a model, and with the group, the share of training
 * pairs and the seed that the published `cfg.json` in its folder says. A model alone does not say what
 * group it is of, so it must be given then.
 * @throws InputError for a group that is not given, and for parameters given that contradict.
 */
export function fitFile(
  params: GroupCompositionParams,
  { model, config, given, beside }: FileFacts,
): GroupCompositionParams {
  const { order, ...sizes } = sizesOf(model, config);
  const text = beside[settingsName];
  const said = text === undefined ? { model: sizes.model } : readSettings(settingsName, text);
  const ofModel = { ...params, ...agreed(params, given, sizes, "the weights have") };
  if (said.model !== sizes.model) {
    throw new InputError(
      `${settingsName}: says ${said.model}, the weights are those of a ${sizes.model}; it belongs to another file`,
    );
  }
  const fitted = { ...ofModel, ...agreed(params, given, said, `${settingsName} says`) };
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

/** What was found, where no parameter that was given says otherwise. */
function agreed(
  params: GroupCompositionParams,
  given: ReadonlySet<string>,
  found: Found,
  who: string,
): Found {
  for (const [name, value] of Object.entries(found)) {
    const asked = params[name as keyof GroupCompositionParams];
    if (given.has(name) && asked !== value) {
      throw new InputError(
        `group-composition: ${name} was given as ${asked}, ${who} ${value}; leave it out`,
      );
    }
  }
  return found;
}

function sizesOf(
  model: string,
  config: FileFacts["config"],
): Found & Pick<GroupCompositionParams, "model"> & { order: number } {
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
