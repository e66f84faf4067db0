/** Numbers that JSON lacks, as the texts `Infinity`, `-Infinity` and `NaN`, which Python's `float` reads. */

import { z } from "zod";

/** For `JSON.stringify`: numbers that are not finite as text instead of null. */
export function numbersAsText(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** A number in parsed JSON: itself, or one of the texts. */
export const jsonNumber: z.ZodType<number> = z.union([
  z.number(),
  z.enum(["Infinity", "-Infinity", "NaN"]).transform(Number),
]);
