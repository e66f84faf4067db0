/** What a zod schema says about its fields. */

import { z } from "zod";

interface Field {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Field>>;
  readonly anyOf?: readonly Field[];
}

function fieldsOf(schema: z.ZodType): Readonly<Record<string, Field>> {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Field;
  return json.properties ?? {};
}

/** Paths of fields without a description, in nested objects too. */
export function undocumented(schema: z.ZodType): string[] {
  const visit = (fields: Readonly<Record<string, Field>>, above: string): string[] =>
    Object.entries(fields).flatMap(([name, field]) => [
      ...(field.description === undefined || field.description.trim() === "" ? [above + name] : []),
      ...visit(field.properties ?? {}, `${above}${name}.`),
    ]);
  return visit(fieldsOf(schema), "");
}

export function fieldNames(schema: z.ZodType): string[] {
  return Object.keys(fieldsOf(schema));
}

/** Every other value that a field with few values can take: both booleans, each of an enumeration. */
export function choices(schema: z.ZodType): (readonly [field: string, value: unknown])[] {
  return Object.entries(fieldsOf(schema)).flatMap(([name, field]) =>
    [field, ...(field.anyOf ?? [])]
      .flatMap((one) =>
        one.type === "boolean" ? [false, true] : one.type === "null" ? [null] : (one.enum ?? []),
      )
      .map((value) => [name, value] as const),
  );
}
