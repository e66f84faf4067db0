/** The bytes of `torch.get_rng_state()` for the CPU generator (ATen/CPUGeneratorImpl.cpp). */

import { InputError } from "../core/errors.ts";

/** What a saved state holds. */
export interface SavedState {
  readonly seed: bigint;
  readonly engine: { readonly key: Uint32Array; readonly left: number; readonly next: number };
  /** The second half of the last scalar normal, when it has not been used. */
  readonly cachedNormal: number | undefined;
}

const WORDS = 624;
const BYTES = 5056;
const LEFT = 8;
const SEEDED = 12;
const NEXT = 16;
const KEY = 24;
const NORMAL = 5024;
const HAS_NORMAL = 5040;

/** 5,056 little-endian bytes. */
export function writeState(saved: SavedState): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, saved.seed, true);
  view.setInt32(LEFT, saved.engine.left, true);
  view.setInt32(SEEDED, 1, true);
  view.setUint32(NEXT, saved.engine.next, true);
  for (const [i, word] of saved.engine.key.entries()) view.setUint32(KEY + 8 * i, word, true);
  if (saved.cachedNormal !== undefined) {
    view.setFloat64(NORMAL, saved.cachedNormal, true);
    view.setInt32(HAS_NORMAL, 1, true);
  }
  return bytes;
}

/** Inverse of `writeState`; throws `InputError` for bytes that are no state. */
export function readState(bytes: Uint8Array): SavedState {
  if (bytes.length !== BYTES) {
    throw new InputError(
      `setState: a generator state has ${BYTES} bytes, got ${bytes.length}; pass what state() returned`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, BYTES);
  const left = view.getInt32(LEFT, true);
  const next = view.getUint32(NEXT, true);
  const fresh = left === 1 && (next === 0 || next === WORDS);
  if (view.getInt32(SEEDED, true) !== 1 || !(fresh || (left > 0 && left + next === WORDS + 1))) {
    throw new InputError(
      `setState: the bytes are no generator state (left ${left}, next ${next}); pass what state() returned`,
    );
  }
  const key = Uint32Array.from({ length: WORDS }, (_, i) => view.getUint32(KEY + 8 * i, true));
  const cached = view.getInt32(HAS_NORMAL, true) === 1;
  return {
    seed: view.getBigUint64(0, true),
    engine: { key, left, next },
    cachedNormal: cached ? view.getFloat64(NORMAL, true) : undefined,
  };
}
