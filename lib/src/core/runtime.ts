/** Refuses a JavaScript engine that is too old. Every entry file of the package imports this first. */

import { MissingError } from "./errors.ts";

/** What of the global scope decides; `process` is there in Node and in what imitates it. */
export interface Engine {
  readonly Float16Array?: unknown;
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/** Throws `MissingError` where `Float16Array` is missing: jax-js cannot do without it. */
export function requireEngine({ Float16Array, process }: Engine): void {
  if (Float16Array !== undefined) return;
  const node = process?.versions?.node;
  throw new MissingError(
    node === undefined
      ? "tinylens: needs a browser with Float16Array: Chrome 135, Firefox 129, Safari 18.2, or later"
      : `tinylens: needs Node 24 or later, this is ${node}`,
  );
}

requireEngine(globalThis);
