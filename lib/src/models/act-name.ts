import { InputError, UnknownNameError } from "../core/errors.ts";

/** Short names that stand for another one. */
const aliases: { readonly [alias: string]: string } = {
  attn: "pattern",
  attn_logits: "attn_scores",
  key: "k",
  query: "q",
  value: "v",
  mlp_pre: "pre",
  mlp_mid: "mid",
  mlp_post: "post",
};

const layerTypes: { readonly [alias: string]: string } = {
  a: "attn",
  attn: "attn",
  attention: "attn",
  m: "mlp",
  mlp: "mlp",
  b: "",
  block: "",
  blocks: "",
  ln1: "ln1",
  ln2: "ln2",
};

const attnNames = ["q", "k", "v", "z", "rot_q", "rot_k", "result", "pattern", "attn_scores"];
const mlpNames = ["pre", "mid", "post", "pre_linear"];
const blockNames = [
  ...["resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out"],
  ...["mlp_in", "attn_in", "q_input", "k_input", "v_input"],
];
const normNames = ["scale", "normalized"];
const globalNames = ["embed", "pos_embed", "tokens"];

/**
 * Full name of a hook point, as TransformerLens's `get_act_name`: `("q", 0)` is
 * `blocks.0.attn.hook_q`, `("scale", 0, "ln2")` is `blocks.0.ln2.hook_scale`, `("k6")` is
 * `blocks.6.attn.hook_k`. Names with a dot or starting with `hook_` are full names already.
 * @throws UnknownNameError for a name that no model has; InputError when the layer is missing.
 */
export function getActName(name: string, layer?: number, layerType?: string): string {
  if ((name.includes(".") || name.startsWith("hook_")) && layer === undefined) return name;
  const packed = layer === undefined ? /^([a-z]+)(\d+)([a-z]?.*)$/.exec(name) : null;
  if (packed) {
    const [, short = "", digits, type = ""] = packed;
    return getActName(short, Number(digits), type === "" ? undefined : type);
  }
  const act = aliases[name] ?? name;
  if (globalNames.includes(act)) return `hook_${act}`;
  if (normNames.includes(act)) return normName(act, layer, layerType);
  const folder = folderOf(name, act, layerType);
  if (layer === undefined) {
    throw new InputError(`getActName: "${name}" needs a layer, e.g. getActName("${name}", 0)`);
  }
  return `blocks.${layer}.${folder === "" ? "" : `${folder}.`}hook_${act}`;
}

function folderOf(name: string, act: string, layerType: string | undefined): string {
  if (layerType !== undefined) return typeOf(layerType);
  if (attnNames.includes(act)) return "attn";
  if (mlpNames.includes(act)) return "mlp";
  if (blockNames.includes(act)) return "";
  const known = [attnNames, mlpNames, blockNames, normNames, globalNames, Object.keys(aliases)];
  throw new UnknownNameError("getActName", "activation", name, known.flat());
}

function normName(act: string, layer: number | undefined, layerType: string | undefined): string {
  if (layer === undefined) return `ln_final.hook_${act}`;
  if (layerType === undefined) {
    throw new InputError(
      `getActName: "${act}" of layer ${layer} needs a layer type: "ln1" or "ln2"`,
    );
  }
  return `blocks.${layer}.${typeOf(layerType)}.hook_${act}`;
}

function typeOf(layerType: string): string {
  const type = layerTypes[layerType];
  if (type !== undefined) return type;
  throw new UnknownNameError("getActName", "layer type", layerType, Object.keys(layerTypes));
}
