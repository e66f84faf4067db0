/** The `cfg.json` that rep-theory-mech-interp (Chughtai et al. 2023) saves with its models. */

import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { printable } from "../../core/text.ts";
import type { NetworkName } from "./networks.ts";

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

const kinds: { readonly [M in z.infer<typeof file>["model"]]: NetworkName } = {
  OneLayerMLP: "one-layer-mlp",
  BilinearNet: "bilinear",
  Transformer: "hooked-transformer",
};

/** What the file says, under the names of the study's parameters. */
export interface Settings {
  readonly group: string;
  readonly model: NetworkName;
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
