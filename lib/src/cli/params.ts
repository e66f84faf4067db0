/** `--set key=value` and `--view key=value` by a study's own schemas. */

import { InputError } from "../core/errors.ts";
import { fieldsOf, textsOf, valuesOf } from "../core/params.ts";
import type { Study } from "../lab/index.ts";

/** What the flags say about parameters. */
export interface ParamFlags {
  /** Texts `key=value`, in order; a later one wins. */
  readonly set?: readonly string[];
  /** Text of `--seed`: short for `--set seed=n`. */
  readonly seed?: string;
  /** Start from the study's run of seconds. */
  readonly smoke?: boolean;
}

/** Checked parameters of `study`. Throws `InputError` naming the parameter, the rule and the text. */
export function paramsOf(study: Study, flags: ParamFlags): unknown {
  const owner = { name: study.name, what: "parameter", flag: "--set" };
  const texts = textsOf(owner, study.params, flags.set ?? []);
  if (flags.seed !== undefined) {
    if (!Object.hasOwn(fieldsOf(study.params), "seed")) {
      throw new InputError(`--seed: ${study.name} has no seed`);
    }
    texts.set("seed", flags.seed);
  }
  const start = flags.smoke === true ? (study.smoke as Readonly<Record<string, unknown>>) : {};
  return valuesOf(study.name, study.params, texts, start);
}

/** Names of the parameters that the flags give. */
export function givenParams(study: Study, flags: ParamFlags): string[] {
  const set = (flags.set ?? []).map((item) => item.slice(0, item.indexOf("=")));
  const seed = flags.seed === undefined ? [] : ["seed"];
  const smoke = flags.smoke === true ? Object.keys(study.smoke) : [];
  return [...smoke, ...set, ...seed];
}

/** The checked view of a study that `--view` asks for. Throws `InputError` like `paramsOf`. */
export function viewOf(study: Study, items: readonly string[] = []): unknown {
  const owner = { name: study.name, what: "view", flag: "--view" };
  return valuesOf(study.name, study.view, textsOf(owner, study.view, items));
}
