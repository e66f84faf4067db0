/** Parameters and views as fields of a schema: defaults, meanings, from text, to text. */

import type { z } from "zod";
import { InputError, UnknownNameError } from "./errors.ts";

/** Schema of one field. */
export type FieldSchema = z.ZodType;

/** What a field says about itself in `.meta(...)`. */
export interface FieldMeta {
  readonly description?: string;
  readonly unit?: string;
}

/** The schemas of the fields of a `z.object`, by name. */
export function fieldsOf(schema: z.ZodType): Readonly<Record<string, FieldSchema>> {
  const { shape } = schema.def as { readonly shape?: Readonly<Record<string, FieldSchema>> };
  if (shape === undefined) throw new TypeError("the schema of parameters must be a z.object");
  return shape;
}

/** The description and unit of a field. */
export function fieldMeta(schema: FieldSchema): FieldMeta {
  return (schema.meta() ?? {}) as FieldMeta;
}

/** The defaults of the fields, by name; undefined where a field has none. */
export function fieldDefaults(schema: z.ZodType): Readonly<Record<string, unknown>> {
  const entries = Object.entries(fieldsOf(schema)).map(([name, field]) => {
    const parsed = field.safeParse(undefined);
    return [name, parsed.success ? parsed.data : undefined] as const;
  });
  return Object.fromEntries(entries);
}

/** The values that are not at their defaults, as `[name, text of the value]`. */
export function changedFields(
  schema: z.ZodType,
  values: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string])[] {
  const defaults = fieldDefaults(schema);
  return Object.entries(values)
    .filter(([name, value]) => {
      const usual = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
      return JSON.stringify(value) !== JSON.stringify(usual);
    })
    .map(([name, value]) => [name, String(value)] as const);
}

/** Whose fields they are, in messages. */
export interface FieldOwner {
  /** Name of the study. */
  readonly name: string;
  /** What one of its fields is called: "parameter", "view". */
  readonly what: string;
  /** The flag that sets one: "--set". */
  readonly flag: string;
}

/** Texts `name=value` by name; a later one wins. Throws `InputError` for another form, or name. */
export function textsOf(
  { name: owner, what, flag }: FieldOwner,
  schema: z.ZodType,
  items: readonly string[],
): Map<string, string> {
  const names = Object.keys(fieldsOf(schema));
  const texts = new Map<string, string>();
  for (const item of items) {
    const at = item.indexOf("=");
    if (at < 1) throw new InputError(`${flag}: must be name=value, got ${item}`);
    const name = item.slice(0, at);
    if (!names.includes(name)) throw new UnknownNameError(owner, what, name, names);
    texts.set(name, item.slice(at + 1));
  }
  return texts;
}

/**
 * Checked values: those of `start`, changed by `texts`. Throws `InputError` naming the field, the rule
 * and the text.
 */
export function valuesOf(
  owner: string,
  schema: z.ZodType,
  texts: ReadonlyMap<string, string>,
  start: Readonly<Record<string, unknown>> = {},
): unknown {
  const fields = fieldsOf(schema);
  const values: Record<string, unknown> = { ...start };
  for (const [name, text] of texts) values[name] = fromText(fields[name] as FieldSchema, text);
  const parsed = schema.safeParse(values, { error: ruleOf });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] as z.core.$ZodIssue;
  const name = path[0] === undefined ? undefined : String(path[0]);
  const got = name === undefined ? undefined : (texts.get(name) ?? values[name]);
  const where = name === undefined ? owner : `${owner}: ${name}`;
  const said = got === undefined || message.includes(", got ");
  const what = said ? "" : `, got ${got === "" ? "nothing" : got}`;
  throw new InputError(`${where}: ${lowerFirst(message)}${what}`);
}

/** The parts of a zod schema's definition that are read here. */
interface Definition {
  readonly type: string;
  readonly innerType?: FieldSchema;
  readonly in?: FieldSchema;
  readonly element?: FieldSchema;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly items?: readonly FieldSchema[];
}

/** The rule that a value breaks, where the schema has no words of its own for it. */
function ruleOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case "too_small":
      return `${verb(issue)} ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      return `${verb(issue)} ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    default:
      return undefined;
  }
}

/** A list has a length, a number has a size. */
function verb({ origin }: { readonly origin: string }): string {
  return origin === "array" ? "must be a list of" : "must be";
}

/** How the types of zod read in a sentence. */
const kinds: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a finite number",
  boolean: "true or false",
};

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

/** The text as the type the schema asks for; left as text where it is none, for the schema to say so. */
function fromText(schema: FieldSchema, text: string): unknown {
  const def = definition(schema);
  const inner = def.innerType ?? def.in;
  if (inner !== undefined) return fromText(inner, text);
  switch (def.type) {
    case "number":
      return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "enum":
      return chosen(Object.values(def.entries ?? {}), text);
    case "literal":
      return chosen(def.values ?? [], text);
    case "array":
      return parts(text).map((part) => fromText(def.element as FieldSchema, part));
    case "tuple":
      return parts(text).map((part, i) => {
        const item = def.items?.[i];
        return item === undefined ? part : fromText(item, part);
      });
    default:
      return text;
  }
}

function parts(text: string): readonly string[] {
  return text === "" ? [] : text.split(",");
}

function chosen(values: readonly unknown[], text: string): unknown {
  return values.find((value) => String(value) === text) ?? text;
}

function definition(schema: FieldSchema): Definition {
  return schema.def as unknown as Definition;
}
