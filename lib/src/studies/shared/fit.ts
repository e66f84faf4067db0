/** Parameters that a model in a file tells. */

import { InputError } from "../../core/errors.ts";
import type { FileFacts } from "../../lab/index.ts";

/**
 * The parameters with what was found in a file. Throws `InputError` where one that was given says
 * otherwise; `who` is what the sentence says has it.
 */
export function agreed<P extends object>(
  study: string,
  params: P,
  { given }: Pick<FileFacts, "given">,
  found: Partial<P>,
  who = "the file has",
): P {
  for (const [name, value] of Object.entries(found)) {
    const asked = params[name as keyof P];
    if (given.has(name) && asked !== value) {
      throw new InputError(
        `${study}: ${name} was given as ${asked}, ${who} ${value}; leave it out`,
      );
    }
  }
  return { ...params, ...found };
}

/** The number in a field of the configuration of a model. Throws `InputError` for another model. */
export function sizeIn(study: string, { model, config }: FileFacts, field: string): number {
  const size = config[field];
  if (typeof size === "number") return size;
  throw new InputError(`${study}: the model in the file, a ${model}, has no ${field}`);
}
