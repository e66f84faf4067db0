import { ShapeError } from "./errors.ts";
import type { Shape } from "./nd.ts";

type Axis<S extends string> = S extends `${infer A} ${infer B}` ? A | Axis<B> : S;

/**
 * Bind each axis name in `spec` to its size in `x`; a repeated or known name must agree.
 * `dims("pattern", x, "batch head dest src", { head: 4 })`. Axis names: `docs/glossary.md`.
 */
export function dims<const S extends string>(
  what: string,
  x: { readonly shape: Shape },
  spec: S,
  known: Partial<Record<Axis<S>, number>> = {},
): Record<Axis<S>, number> {
  const names = spec.split(" ");
  const bound = new Map<string, number>(Object.entries(known) as [string, number][]);
  for (const [i, size] of x.shape.entries()) {
    const name = names[i];
    if (name !== undefined && !bound.has(name)) bound.set(name, size);
  }
  const expected = names.map((name) => bound.get(name) ?? -1);
  if (expected.join() !== x.shape.join()) {
    throw new ShapeError(`${what} "${spec}"`, expected, x.shape);
  }
  return Object.fromEntries(bound) as Record<Axis<S>, number>;
}
