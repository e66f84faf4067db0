/** Scopes: free every tensor made inside, except those that are kept. */

/// <reference lib="esnext.disposable" preserve="true" />

import { close, moveOut, open } from "./levels.ts";
import { boxOf, Tensor } from "./tensor.ts";
import { leavesOf } from "./tree.ts";

/**
 * `using s = scope()`: at the end of the block every tensor made since is freed, except those
 * passed to `s.keep(tree)`, which belong to the enclosing scope. Scopes nest and also end when an
 * error passes. A scope belongs to the code that runs while it is open, so open it around
 * synchronous work, or around one `async` task at a time.
 */
export interface Scope extends Disposable {
  /** Keep the tensors of a tree; returns the tree. */
  keep<T>(tree: T): T;
}

/** Open a scope: `using inner = scope();` frees at the end of the block what was made in it. */
export function scope(): Scope {
  const level = open(false);
  return {
    keep<T>(tree: T): T {
      for (const leaf of leavesOf(tree)) {
        if (leaf instanceof Tensor) moveOut(boxOf(leaf), level);
      }
      return tree;
    },
    [Symbol.dispose]: () => close(level),
  };
}

/** Run `f` and free every tensor it made except those in its result. */
export function tidy<T>(f: () => T): T {
  using inner = scope();
  return inner.keep(f());
}
