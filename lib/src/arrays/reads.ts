/** Which numbers were read of a tensor, so that a change of the copy is noticed. */

import type { NdArray } from "../core/nd.ts";

let watched: { readonly of: object; readonly read: NdArray[] } | undefined;

/** Note the numbers that were read of a tensor while it is watched, and give them back. */
export function noted(of: object, array: NdArray): NdArray {
  if (watched?.of === of) watched.read.push(array);
  return array;
}

/** What `f` returns, and the copies of the tensor's numbers that it read. */
export function readDuring<R>(
  of: object,
  f: () => R,
): { readonly value: R; readonly read: NdArray[] } {
  const before = watched;
  watched = { of, read: [] };
  const { read } = watched;
  try {
    return { value: f(), read };
  } finally {
    watched = before;
  }
}
