/** `--set key=value` by a study's own schema of parameters. */

import type { z } from "zod";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { type FieldSchema, paramFields } from "../runs/index.ts";
import type { Study } from "../studies/study.ts";

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
export function paramsOf(study: Study<unknown, unknown>, flags: ParamFlags): unknown {
  const fields = paramFields(study);
  const names = Object.keys(fields);
  const texts = new Map<string, string>();
  for (const item of flags.set ?? []) {
    const at = item.indexOf("=");
    if (at < 1) throw new InputError(`--set: must be name=value, got ${item}`);
    const name = item.slice(0, at);
    if (!names.includes(name)) throw new UnknownNameError(study.name, "parameter", name, names);
    texts.set(name, item.slice(at + 1));
  }
  if (flags.seed !== undefined) {
    if (!names.includes("seed")) throw new InputError(`--seed: ${study.name} has no seed`);
    texts.set("seed", flags.seed);
  }
  const values: Record<string, unknown> =
    flags.smoke === true ? { ...(study.smoke as object) } : {};
  for (const [name, text] of texts) values[name] = fromText(fields[name] as FieldSchema, text);
  return check(study, values, texts);
}

/** Names of the parameters that the flags give. */
export function givenParams(study: Study<unknown, unknown>, flags: ParamFlags): string[] {
  const set = (flags.set ?? []).map((item) => item.slice(0, item.indexOf("=")));
  const seed = flags.seed === undefined ? [] : ["seed"];
  const smoke = flags.smoke === true ? Object.keys(study.smoke) : [];
  return [...smoke, ...set, ...seed];
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

function check(
  study: Study<unknown, unknown>,
  values: Record<string, unknown>,
  texts: ReadonlyMap<string, string>,
): unknown {
  const parsed = study.params.safeParse(values, { error: ruleOf });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] as z.core.$ZodIssue;
  const name = path[0] === undefined ? undefined : String(path[0]);
  const got = name === undefined ? undefined : (texts.get(name) ?? values[name]);
  const where = name === undefined ? study.name : `${study.name}: ${name}`;
  const said = got === undefined || message.includes(", got ");
  const what = said ? "" : `, got ${got === "" ? "nothing" : got}`;
  throw new InputError(`${where}: ${lowerFirst(message)}${what}`);
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
