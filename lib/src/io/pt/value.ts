/** What `readPt` gives. */

import type { NdArray } from "../../core/nd.ts";

/**
 * A checkpoint as plain data: tensors and NumPy arrays are `NdArray`s; dicts are objects (number
 * keys as text); lists, tuples and sets are arrays; namespaces are objects, paths are text; dtypes and
 * classes are their names; integers beyond 2^53 are bigints. Arrays are decoded when they are first asked
 * for; a value that cannot be given throws its `InputError` then.
 */
export type PtValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | NdArray
  | readonly PtValue[]
  | { readonly [key: string]: PtValue };
