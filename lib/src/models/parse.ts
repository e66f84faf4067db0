import type { z } from "zod";
import { InputError, nearestNames } from "../core/errors.ts";
import { printable, shown } from "../core/text.ts";

/**
 * The configuration that `schema` makes of `options`.
 * @throws InputError naming the field, the rule and the value, for the first field that is wrong.
 */
export function parseConfig<C>(where: string, schema: z.ZodType<C>, options: unknown): C {
  const result = schema.safeParse(options, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  throw new InputError(`${where}: ${explain(issue)}`);
}

/** The message of a strict object that got unknown fields; for the `error` option of its schema. */
export function unknownField(fields: readonly string[]): (issue: z.core.$ZodRawIssue) => string {
  return (issue) => {
    const got = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    if (got === undefined) return "expected an object of fields";
    return `unknown field "${printable(got)}"; did you mean ${nearestNames(got, fields).join(", ")}?`;
  };
}

function explain(issue: z.core.$ZodIssue): string {
  const field = printable(issue.path.map(String).join("."));
  if (issue.code === "invalid_value") {
    return `${field} must be one of ${issue.values.join(", ")}, got ${shown(issue.input)}`;
  }
  if (issue.code === "invalid_union") return `${field} ${issue.message}, got ${shown(issue.input)}`;
  if (issue.code === "custom" || field === "") return issue.message;
  if (issue.input === undefined) return `${field} is required`;
  if (issue.code === "too_small") {
    const bound = issue.inclusive ? "at least" : "greater than";
    return `${field} must be ${bound} ${issue.minimum}, got ${shown(issue.input)}`;
  }
  if (issue.code === "too_big") {
    return `${field} must be at most ${issue.maximum}, got ${shown(issue.input)}`;
  }
  if (issue.code === "invalid_type") {
    return `${field} must be ${issue.expected}, got ${shown(issue.input)}`;
  }
  return `${field}: ${issue.message}`;
}
