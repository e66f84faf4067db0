import type { Point, Span } from "./model.ts";

/** Why a hook point cannot fire in a stretch of a pass; undefined where it can. */
export type Reach = (name: string) => string | undefined;

/** Every point is reached. */
export const everywhere: Reach = () => undefined;

/** What a stretch of a pass reaches of the points of a model that consists of blocks. */
export function reachOf(points: readonly Point[], span: Span): Reach {
  const { startAtLayer, stopAtLayer, unembed = true } = span;
  const layers = points.map(({ name }) => layerOf(name)).filter((layer) => layer !== undefined);
  const count = Math.max(-1, ...layers) + 1;
  const [start, stop] = [startAtLayer, stopAtLayer].map((layer) =>
    layer !== undefined && layer < 0 ? layer + count : layer,
  );
  return (name) => {
    const after = /^(ln_final|unembed)\./.test(name);
    const layer = layerOf(name) ?? (after ? count : -1);
    if (start !== undefined && layer < start) return `before startAtLayer ${startAtLayer}`;
    if (stop !== undefined && layer >= stop) return `from stopAtLayer ${stopAtLayer} on`;
    return !unembed && name.startsWith("unembed.") ? "with returnType null" : undefined;
  };
}

function layerOf(name: string): number | undefined {
  const layer = /^blocks\.(\d+)\./.exec(name)?.[1];
  return layer === undefined ? undefined : Number(layer);
}
