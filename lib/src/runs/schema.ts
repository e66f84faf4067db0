/** The parameters of a study, read from its schema. */

import type { z } from "zod";

/** Schema of one parameter. */
export type FieldSchema = z.ZodType;

/** A study of either kind, as far as its parameters go. */
export interface WithParams {
  readonly name: string;
  readonly params: z.ZodType;
}

/** What a field says about itself in `.meta(...)`. */
export interface FieldMeta {
  readonly description?: string;
  readonly unit?: string;
}

/** The schemas of a study's parameters, by name. */
export function paramFields(study: WithParams): Readonly<Record<string, FieldSchema>> {
  const { shape } = study.params.def as { readonly shape?: Readonly<Record<string, FieldSchema>> };
  if (shape === undefined) throw new TypeError(`${study.name}: params must be a z.object`);
  return shape;
}

/** The defaults of a study's parameters, by name. */
export function paramDefaults(study: WithParams): Readonly<Record<string, unknown>> {
  const entries = Object.entries(paramFields(study)).map(([name, schema]) => {
    const parsed = schema.safeParse(undefined);
    return [name, parsed.success ? parsed.data : undefined] as const;
  });
  return Object.fromEntries(entries);
}

/** The parameters that are not at their defaults, as `[name, text of the value]`. */
export function changedParams(
  study: WithParams,
  params: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string])[] {
  const defaults = paramDefaults(study);
  return Object.entries(params)
    .filter(([name, value]) => {
      const usual = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
      return JSON.stringify(value) !== JSON.stringify(usual);
    })
    .map(([name, value]) => [name, String(value)] as const);
}

/** The description and unit of a field. */
export function fieldMeta(schema: FieldSchema): FieldMeta {
  return (schema.meta() ?? {}) as FieldMeta;
}
