/** What this machine's matrix products reach at best. */

import { matmul, type Tensor } from "../../arrays/index.ts";
import { type Backend, compile } from "../../compile/index.ts";
import { nd } from "../../core/nd.ts";

/** Sides of the square matrices tried; caches favor different ones on different machines. */
const sides = [512, 1024, 2048];

export interface Peak {
  readonly gflops: number;
  /** Side of the matrices and number of threads that reached it. */
  readonly side: number;
  readonly threads: number;
}

/** Best GFLOP/s of float32 matrix products on `backend`, over sizes and thread counts. */
export async function measurePeak(
  backend: Backend,
  now: () => number,
  threadCounts: readonly number[],
  budgetMs = 400,
): Promise<Peak> {
  let best: Peak = { gflops: 0, side: 0, threads: 0 };
  for (const side of sides) {
    for (const threads of threadCounts) {
      const gflops = await measureSide(backend, now, side, threads, budgetMs);
      if (gflops > best.gflops) best = { gflops, side, threads };
    }
  }
  return best;
}

/** GFLOP/s of the fastest product within the budget. */
async function measureSide(
  backend: Backend,
  now: () => number,
  side: number,
  threads: number,
  budgetMs: number,
): Promise<number> {
  const spec = { dtype: "float32", shape: [side, side] } as const;
  const product = (a: Tensor, b: Tensor): Tensor => matmul(a, b);
  const compiled = await compile(product, [spec, spec], { backend, threads });
  const values = Float32Array.from({ length: side * side }, (_, i) => ((i % 17) - 8) / 8);
  const [a, b] = [
    backend.upload(nd("float32", spec.shape, values)),
    backend.upload(nd("float32", spec.shape, values)),
  ];
  let fastest = Number.POSITIVE_INFINITY;
  const end = now() + budgetMs;
  do {
    const start = now();
    const out = await compiled.run(a, b);
    fastest = Math.min(fastest, now() - start);
    if ("dispose" in out && typeof out.dispose === "function") out.dispose();
  } while (now() < end);
  a.dispose();
  b.dispose();
  await compiled.release();
  return (2 * side ** 3) / (fastest * 1e6);
}
