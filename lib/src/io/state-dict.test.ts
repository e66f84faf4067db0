import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { type NdArray, nd } from "../core/nd.ts";
import { type PtValue, stateDictOf, weightsOf } from "./index.ts";

const x = nd("float32", [1, 1], [3]);
const state = { "embed.W_E": x, "unembed.W_U": x };

const prefixed = (prefix: string): { [name: string]: NdArray } =>
  Object.fromEntries(Object.entries(state).map(([name, value]) => [`${prefix}${name}`, value]));

describe("weights are found", () => {
  it.each<readonly [string, PtValue]>([
    ["at the top", state],
    [
      "under a usual key beside others",
      { ema: state, model: state, optimizer: { state: { 0: x } } },
    ],
    ["under the only other key", { net: state, epoch: 3, losses: [1] }],
    ["two levels down", { checkpoint: { weights: state } }],
    ["in a list of one", [state]],
    ["in a list below a name", { epoch: 3, snapshots: [{ step: 0, weights: state }] }],
    ["behind DataParallel", { model: prefixed("module.") }],
    ["behind torch.compile", prefixed("_orig_mod.")],
    ["behind both", prefixed("module._orig_mod.")],
    ["behind a compiled part", { "_orig_mod.embed.W_E": x, "unembed._orig_mod.W_U": x }],
    [
      "in Lightning's file",
      { state_dict: prefixed("model."), epoch: 1, hyper_parameters: { lr: 1 } },
    ],
    ["beside numbers and extra state", { ...state, step: 100, _extra_state: { version: 1 } }],
    ["beside extra state that is an array", { ...state, "blocks.0._extra_state": x }],
  ])("%s", (_, file) => {
    expect(stateDictOf(file)).toEqual(state);
    expect(weightsOf(file)).toEqual(state);
  });

  it("where the options say, lists and names with dots included", () => {
    const other = { "embed.W_E": nd("float32", [1, 1], [4]) };
    const file = { "a.b": state, snapshots: [state, { model: other }] };
    expect(stateDictOf(file, { key: "a.b" })).toEqual(state);
    expect(stateDictOf(file, { key: "snapshots.1.model" })).toEqual(other);
    expect(stateDictOf({ a: state, b: other }, { key: "b" })).toEqual(other);
  });

  it("without what does not begin with the prefix given", () => {
    const file = { ...prefixed("student."), ...prefixed("teacher."), "loss.weight": x };
    expect(stateDictOf(file, { stripPrefix: "teacher." })).toEqual(state);
    expect(stateDictOf(file, { stripPrefix: "teacher" })).toEqual(state);
  });
});

describe("whole numbers under unknown names", () => {
  it("are no weights", () => {
    const counter = nd("int32", [1], [5]);
    expect(weightsOf({ ...state, counter })).toEqual(state);
    expect(() => weightsOf({ ...state, other: x })).toThrow('unknown weight "other"');
  });
});

describe("what could be meant is asked for in one sentence", () => {
  it.each<readonly [string, () => unknown, string]>([
    [
      "several dicts",
      () => stateDictOf({ raw: state, ema: state }),
      "stateDictOf: weights are in raw, ema; choose one with the option key (--key)",
    ],
    [
      "several usual dicts",
      () => stateDictOf({ model: state, state_dict: state }),
      "stateDictOf: weights are in model, state_dict; choose one with the option key (--key)",
    ],
    [
      "a list of dicts",
      () => stateDictOf({ state_dicts: [state, state, state], losses: [1, 2] }),
      "stateDictOf: weights are in state_dicts.0, state_dicts.1, state_dicts.2; choose one with the option key (--key)",
    ],
    [
      "a long list at the top",
      () => stateDictOf(Array.from({ length: 30 }, () => state)),
      "stateDictOf: weights are in 0, 1, 2, 3, 4, 5, 6, 7 and 22 more; choose one with the option key (--key)",
    ],
    [
      "a list without weights",
      () => stateDictOf([1, 2]),
      "stateDictOf: weights must be at the top or under model, model_state_dict, state_dict; the file has a list of 2 at the top",
    ],
    [
      "several prefixes",
      () => stateDictOf({ ...state, ...prefixed("teacher.") }),
      "stateDictOf: weights have no prefix, teacher.; choose with the option stripPrefix (--strip-prefix)",
    ],
    [
      "a key that is not there",
      () => stateDictOf({ net: state }, { key: "model" }),
      'stateDictOf: key "model" is no dict of the file; it has net',
    ],
    [
      "a prefix that is not there",
      () => stateDictOf(prefixed("module."), { stripPrefix: "model." }),
      'stateDictOf: no array has a name that begins with "model."; the names begin with "module."',
    ],
    [
      "a name that is there twice",
      () => stateDictOf({ ...state, "_orig_mod.embed.W_E": x }),
      "stateDictOf: embed.W_E and _orig_mod.embed.W_E are both embed.W_E",
    ],
  ])("%s", (_, act, sentence) => {
    expect(act).toThrow(new InputError(sentence));
  });
});
