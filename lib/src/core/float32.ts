import { InputError } from "./errors.ts";
import { type DType, type NdArray, nd } from "./nd.ts";

/**
 * Weights as float32; `where` names them in messages. Throws `InputError` for whole numbers, which are
 * no weights, and for float64 beyond float32's largest number, which would become infinite.
 */
export function weightsAsFloat32(where: string, array: NdArray): NdArray {
  const { dtype, shape, data } = array;
  if (dtype === "float32") return array;
  requireFloats(where, dtype);
  const out = Float32Array.from(data);
  const lost = out.findIndex((x, i) => !Number.isFinite(x) && Number.isFinite(data[i]));
  if (lost < 0) return nd("float32", shape, out);
  throw new InputError(
    `${where}: weights must fit float32, whose largest number is 3.4e38, got ${data[lost]}`,
  );
}

/** Throws `InputError` for the dtypes of whole numbers and booleans, which are no weights. */
export function requireFloats(where: string, dtype: DType): void {
  if (dtype === "float32" || dtype === "float64") return;
  throw new InputError(
    `${where}: weights must be floating-point numbers, got whole numbers (${dtype}); quantized weights are not supported`,
  );
}
