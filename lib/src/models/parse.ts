import { z } from "zod";
import { InputError, nearestNames } from "../core/errors.ts";
import { printable, shown } from "../core/text.ts";

/**
 * The configuration that `schema` makes of `options`.
 * @throws InputError naming the field, the rule and the value, for the first field that is wrong.
 */
export function parseConfig<C>(where: string, schema: z.ZodType<C>, options: unknown): C {
  const result = schema.safeParse(options, { reportInput: true });
  if (result.success) return result.data;
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  throw new InputError(`${where}: ${explain(issue as z.core.$ZodIssue)}`);
}

/** An object of these fields and no others; an unknown one is refused with the nearest names. */
export function strictFields<S extends z.core.$ZodShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      const got = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
      if (got === undefined) return "expected an object of fields";
      const nearest = nearestNames(got, Object.keys(shape));
      return `unknown field "${printable(got)}"; did you mean ${nearest.join(", ")}?`;
    },
  });
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
    return `${field} ${verb(issue)} ${bound} ${issue.minimum}, got ${shown(issue.input)}`;
  }
  if (issue.code === "too_big") {
    const bound = issue.inclusive ? "at most" : "less than";
    return `${field} ${verb(issue)} ${bound} ${issue.maximum}, got ${shown(issue.input)}`;
  }
  if (issue.code === "invalid_type") {
    const kind = kinds[issue.expected] ?? issue.expected;
    return `${field} must be ${kind}, got ${shown(issue.input)}`;
  }
  return `${field}: ${issue.message}`;
}

/** A list has a length, a number has a size. */
function verb({ origin }: { readonly origin: string }): string {
  return origin === "array" ? "must be a list of" : "must be";
}

/** How the types of zod read in a sentence. */
const kinds: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a finite number",
  object: "an object of fields",
  string: "text",
  tuple: "a list",
};
