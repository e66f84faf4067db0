/** The one door to jax-js: everything in `arrays/` takes it from here. */

import * as jax from "@jax-js/jax";

/**
 * A jax-js array or tracer. Its generics do not survive tracing, so it is typed loosely here, and
 * only here; `Tensor` is the typed face.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Tracer = any;

// biome-ignore lint/suspicious/noExplicitAny: as for Tracer
type Loose = { readonly [name: string]: any };

export const np: Loose = jax.numpy;
export const lax: Loose = jax.lax;
export const jaxVjp: Tracer = jax.vjp;
export const jaxVmap: Tracer = jax.vmap;
export const jaxMakeJaxpr: Tracer = jax.makeJaxpr;
export const jaxInit: typeof jax.init = jax.init;
export const jaxDefaultDevice: typeof jax.defaultDevice = jax.defaultDevice;

/** Whether a value is an array with numbers behind it, and not a tracer of some transformation. */
export function isConcrete(tracer: Tracer): boolean {
  return tracer instanceof jax.Array;
}

/**
 * The array or jaxpr tracer under any layers of `grad` and `vmap`. Relies on the fields of the
 * pinned jax-js version: `primal` (jvp), `val` and `batchDim` (vmap), `pval` (linearize).
 */
export function bottom(tracer: Tracer): Tracer {
  if (isConcrete(tracer)) return tracer;
  if (tracer.primal) return bottom(tracer.primal);
  if (tracer.batchDim !== undefined) return bottom(tracer.val);
  if (tracer.pval?.val) return bottom(tracer.pval.val);
  return tracer;
}
