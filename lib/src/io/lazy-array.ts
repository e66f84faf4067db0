/** Arrays that a file holds and that cannot be had: they fail when their numbers are asked for. */

import type { InputError } from "../core/errors.ts";
import type { DType, NdArray, Shape } from "../core/nd.ts";

/**
 * An array with a shape and a dtype whose `data` throws `error`, so that one odd array does not block
 * the others of its file.
 */
export function unreadableArray(dtype: DType, shape: Shape, error: InputError): NdArray {
  return {
    dtype,
    shape,
    get data(): never {
      throw error;
    },
  };
}
