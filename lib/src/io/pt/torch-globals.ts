/**
 * The names that a checkpoint may mention and what each stands for here; what any other name makes is
 * opaque.
 * Source: PyTorch, torch/_utils.py and torch/_weights_only_unpickler.py.
 */

import { printable } from "../../core/text.ts";
import { Opaque, PyCallable, PyList, PyName, PyTuple } from "../pickle/values.ts";
import { malformed } from "./args.ts";
import { numpyGlobals } from "./numpy-globals.ts";
import { pythonGlobals } from "./python-globals.ts";
import { rebuildFunctions, refusedClasses } from "./rebuild.ts";
import { torchTypes } from "./torch-types.ts";

function size([from]: readonly unknown[]): PyTuple {
  if (from instanceof PyTuple) return from;
  return new PyTuple(from instanceof PyList ? [...from.items] : []);
}

/** `torch.device("cuda", 0)` as `cuda:0`. */
function device(args: readonly unknown[]): string {
  if (!args.every((arg) => typeof arg === "string" || typeof arg === "number")) {
    throw malformed("a device is neither text nor a number");
  }
  return args.join(":");
}

/** `_get_layout("torch.strided")`: the name itself. */
function layout([name]: readonly unknown[]): string {
  if (typeof name !== "string") throw malformed("a layout is not text");
  return name;
}

/** Names that are mentioned and stand for themselves. */
const names = [
  ...["torch Tensor", "torch.nn.parameter Parameter", "torch.nn.parameter Buffer"],
  ...["torch per_tensor_affine", "torch per_channel_affine", "torch strided"],
  ...["torch contiguous_format", "torch channels_last", "torch preserve_format"],
];

function allowed(): Map<string, unknown> {
  const table = new Map<string, unknown>([
    ...[...numpyGlobals, ...pythonGlobals(), ...torchTypes(), ...refusedClasses],
  ]);
  const functions = [
    ...rebuildFunctions,
    ["torch Size", [0, 1], size],
    ["torch device", [1, 2], device],
    ["torch.serialization _get_layout", [1, 1], layout],
  ] as const;
  for (const [name, counts, run] of functions) {
    table.set(name, new PyCallable(name.replace(/.* /, ""), counts, run));
  }
  for (const name of names) table.set(name, new PyName(name.replace(" ", ".")));
  return table;
}

let shared: ReadonlyMap<string, unknown> | undefined;

/** What a global name stands for; `Opaque` for every name that is not on the list. */
export function torchGlobal(module: string, name: string): unknown {
  shared ??= allowed();
  const value = shared.get(`${module} ${name}`);
  if (value !== undefined) return value;
  return new Opaque(
    `asks for ${printable(`${module}.${name}`)}, which is code and is never run; save model.state_dict() or plain values instead`,
  );
}
