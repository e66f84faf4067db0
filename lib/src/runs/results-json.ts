/** Results as JSON: plain data with arrays of numbers kept exactly. */

import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { type DType, type NdArray, sizeOf, type TypedArray, zerosOf } from "../core/nd.ts";

/** How an `NdArray` or a typed array is written: little-endian bytes in base64. */
const packedSchema = z.strictObject({
  $array: z.enum(["float32", "float64", "int32", "uint32", "bool"]),
  shape: z.array(z.int().min(0)).optional(),
  base64: z.base64(),
});
type Packed = z.infer<typeof packedSchema>;

/** A number JSON has no word for. */
const oddSchema = z.strictObject({ $number: z.enum(["NaN", "Infinity", "-Infinity", "-0"]) });
type Odd = z.infer<typeof oddSchema>;

/**
 * JSON text of results: numbers, strings, booleans, null, arrays, records, `NdArray`s and typed
 * arrays. Equal results give equal text. Throws for anything else, naming where it is.
 */
export function resultsToJson(results: unknown): string {
  return `${JSON.stringify(pack(results, "results"))}\n`;
}

/** Inverse of `resultsToJson`. Throws `InputError` for any other text. */
export function resultsFromJson(text: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InputError("results: not JSON");
  }
  return unpack(json);
}

function pack(value: unknown, where: string): unknown {
  if (typeof value === "number") return packNumber(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map((item, i) => pack(item, `${where}[${i}]`));
  const dtype = dtypeOf(value);
  if (dtype !== undefined) return packArray(value as TypedArray, dtype);
  if (isNdArray(value)) return { ...packArray(value.data, value.dtype), shape: value.shape };
  if (isRecord(value)) {
    const kept = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(kept.map(([key, item]) => [key, pack(item, `${where}.${key}`)]));
  }
  throw new InputError(`${where}: results must be plain data, got ${typeof value}`);
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (!isRecord(value)) return value;
  if (Object.hasOwn(value, "$number")) return Number(checked(oddSchema, value).$number);
  if (Object.hasOwn(value, "$array")) return unpackArray(checked(packedSchema, value));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item)]));
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] as z.core.$ZodIssue;
  throw new InputError(`results: ${path.map(String).join(".")}: ${message}`);
}

function packNumber(value: number): number | Odd {
  if (Object.is(value, -0)) return { $number: "-0" };
  return Number.isFinite(value) ? value : { $number: String(value) as Odd["$number"] };
}

function packArray(data: TypedArray, dtype: DType): Packed {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { $array: dtype, base64: bytes.toString("base64") };
}

function unpackArray({ $array: dtype, shape, base64 }: Packed): NdArray | TypedArray {
  const bytes = Buffer.from(base64, "base64");
  const count = bytes.length / zerosOf(dtype, 0).BYTES_PER_ELEMENT;
  if (!Number.isInteger(count) || (shape !== undefined && sizeOf(shape) !== count)) {
    throw new InputError(`results: ${bytes.length} bytes are no ${dtype} array [${shape ?? "?"}]`);
  }
  const data = zerosOf(dtype, count);
  new Uint8Array(data.buffer).set(bytes);
  return shape === undefined ? data : { dtype, shape, data };
}

function dtypeOf(value: unknown): DType | undefined {
  if (value instanceof Float32Array) return "float32";
  if (value instanceof Float64Array) return "float64";
  if (value instanceof Int32Array) return "int32";
  if (value instanceof Uint32Array) return "uint32";
  return value instanceof Uint8Array ? "bool" : undefined;
}

function isNdArray(value: unknown): value is NdArray {
  return (
    isRecord(value) && "data" in value && "shape" in value && dtypeOf(value.data) !== undefined
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
