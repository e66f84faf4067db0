/** Trees: tensors (or other leaves) in nested arrays and plain records. */

export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

type Rebuild = (leaves: readonly unknown[]) => unknown;

function children(tree: unknown): readonly unknown[] | undefined {
  if (Array.isArray(tree)) return tree;
  if (typeof tree !== "object" || tree === null) return undefined;
  const prototype = Object.getPrototypeOf(tree);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return Object.values(tree);
}

function isLeafByDefault(): boolean {
  return false;
}

/**
 * The leaves in order (arrays by index, records by insertion), and how to build the tree again from
 * as many new leaves. Anything that is neither an array nor a plain record is a leaf; `isLeaf` can
 * name records that are leaves too.
 */
export function flatten(
  tree: unknown,
  isLeaf: (tree: unknown) => boolean = isLeafByDefault,
): { readonly leaves: readonly unknown[]; readonly rebuild: Rebuild } {
  const inner = isLeaf(tree) ? undefined : children(tree);
  if (inner === undefined) return { leaves: [tree], rebuild: ([leaf]) => leaf };
  const parts = inner.map((child) => flatten(child, isLeaf));
  const rebuild: Rebuild = (leaves) => {
    let at = 0;
    const built = parts.map((part) => {
      const next = at + part.leaves.length;
      const child = part.rebuild(leaves.slice(at, next));
      at = next;
      return child;
    });
    if (Array.isArray(tree)) return built;
    return Object.fromEntries(Object.keys(tree as object).map((key, i) => [key, built[i]]));
  };
  return { leaves: parts.flatMap((part) => part.leaves), rebuild };
}

/** The leaves of a tree, in order. */
export function leavesOf(tree: unknown): readonly unknown[] {
  return flatten(tree).leaves;
}
