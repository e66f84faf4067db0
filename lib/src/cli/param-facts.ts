/** The parameters of a study in words: default, unit, meaning and what is allowed. */

import { z } from "zod";
import { fieldDefaults, fieldMeta, fieldsOf } from "../core/params.ts";
import type { Study } from "../lab/index.ts";

/** One parameter, as `list --json` prints it. */
export interface ParamFact {
  readonly name: string;
  /** Null where it follows from other parameters; the meaning says how. */
  readonly default: unknown;
  /** Undefined for plain numbers and choices. */
  readonly unit: string | undefined;
  readonly meaning: string;
  /** What the schema allows, in words: `whole number of at least 1`. */
  readonly allowed: string;
}

/** Facts of every parameter, or field of the view, in the order of the schema. */
export function paramFacts(schema: z.ZodType): readonly ParamFact[] {
  const defaults = fieldDefaults(schema);
  return Object.entries(fieldsOf(schema)).map(([name, schema]) => {
    const { unit, description: meaning = "" } = fieldMeta(schema);
    const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    return { name, default: defaults[name] ?? null, unit, meaning, allowed: allowed(json as Rule) };
  });
}

/** For `run STUDY --help`: a line for each parameter and view, its default first. */
export function paramHelp(study: Study): string {
  const params = [`Parameters of ${study.name}, with their defaults:`, ...factLines(study.params)];
  return [...params, "Views, by --view (nothing is trained again):", ...factLines(study.view)].join(
    "\n",
  );
}

function factLines(schema: z.ZodType): string[] {
  const facts = paramFacts(schema);
  const heads = facts.map(({ name, default: value }) =>
    value === null ? name : `${name}=${valueText(value)}`,
  );
  const width = Math.min(32, Math.max(0, ...heads.map(({ length }) => length)));
  return facts.map(({ unit, meaning, allowed }, i) => {
    const rule = [allowed, ...(unit === undefined ? [] : [`in ${unit}`])].join(", ");
    return `  ${(heads[i] ?? "").padEnd(width)}  ${meaning} (${rule})`;
  });
}

/** A value as `--set` takes it. */
function valueText(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}

/** The part of a JSON Schema that is put into words. */
interface Rule {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Rule[];
  readonly items?: Rule;
  readonly prefixItems?: readonly Rule[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

function allowed(rule: Rule): string {
  if (rule.enum !== undefined) return rule.enum.join(" or ");
  if (rule.const !== undefined) return String(rule.const);
  if (rule.anyOf !== undefined) return rule.anyOf.map(allowed).join(" or ");
  if (rule.type === "boolean") return "true or false";
  if (rule.type === "integer") return ["whole number", ...bounds(rule)].join(" ");
  if (rule.type === "number") return ["number", ...bounds(rule)].join(" ");
  if (rule.type === "array") return listRule(rule);
  return "text";
}

function listRule({ items, prefixItems, minItems, maxItems }: Rule): string {
  if (prefixItems !== undefined) return `list of ${prefixItems.length}`;
  const each = items === undefined ? "values" : allowed(items);
  const least = minItems === undefined ? [] : [`at least ${minItems}`];
  const most = maxItems === undefined ? [] : [`at most ${maxItems}`];
  return ["list", ...least, ...most, `(${each})`].join(" ");
}

/** Bounds that say something: those of JavaScript's whole numbers do not. */
function bounds(rule: Rule): string[] {
  const bound = (words: string, value: number | undefined): string[] =>
    value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? [] : [`${words} ${value}`];
  const found = [
    ...bound("more than", rule.exclusiveMinimum),
    ...bound("at least", rule.minimum),
    ...bound("less than", rule.exclusiveMaximum),
    ...bound("at most", rule.maximum),
  ];
  return found.length === 0 ? [] : [found.join(" and ")];
}
