/** Run a program on a back end and compare with plain loops. */

import { expect } from "vitest";
import type { NdArray } from "../../core/nd.ts";
import type { Backend } from "../backend.ts";
import type { Program } from "../program.ts";
import { runReference } from "./reference.ts";

/** Of the largest magnitude of the result, by its dtype. */
const tolerances = { float32: 1.2e-7, float64: 2.3e-16, int32: 0, uint32: 0, bool: 0 } as const;

/** Outputs of `program` on `backend`, everything freed again. */
export async function outputsOf(
  backend: Backend,
  program: Program,
  inputs: readonly NdArray[],
): Promise<NdArray[]> {
  const executable = await backend.compile(program);
  const uploaded = inputs.map((array) => backend.upload(array));
  try {
    const values = await executable.run(uploaded);
    const arrays = await Promise.all(values.map((value) => value.read()));
    for (const value of values) value.dispose();
    return arrays;
  } finally {
    for (const value of uploaded) value.dispose();
    await executable.release();
  }
}

/** Fail unless each number is within `scale` roundings of `expected`. */
export function expectClose(got: NdArray, expected: NdArray, scale: number): void {
  const { dtype, shape, data } = expected;
  expect({ dtype: got.dtype, shape: [...got.shape] }).toEqual({ dtype, shape: [...shape] });
  let largest = 1;
  for (const x of data) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
  const limit = scale * tolerances[dtype] * largest;
  for (const [k, x] of data.entries()) {
    const y = got.data[k] as number;
    const same = x === y || (Number.isNaN(x) && Number.isNaN(y)) || Math.abs(x - y) <= limit;
    if (!same) expect.fail(`element ${k} of ${dtype}[${shape}]: expected ${x}, got ${y}`);
  }
}

/** Fail unless `backend` agrees with plain float64 loops. */
export async function expectAgreement(
  backend: Backend,
  { program, inputs, scale }: { program: Program; inputs: readonly NdArray[]; scale: number },
): Promise<void> {
  const got = await outputsOf(backend, program, inputs);
  for (const [i, expected] of runReference(program, inputs).entries()) {
    expectClose(got[i] as NdArray, expected, scale);
  }
}
