/**
 * The step of `modular-addition` on jax-js's own jit (wasm), with tinylens's exact shortcuts and
 * without its float64 loss (jax-js has no gradient of a cast): the easiest form of it for jax-js.
 */

import type { numpy } from "@jax-js/jax";
import { initialWeights, type Matrix, options, trainExamples } from "./modular-addition.ts";
import { run } from "./protocol.ts";
import { enableWasmThreads } from "./wasm-threads.ts";

const { sizes, steps, threads = 2, serve } = options();
if (threads > 1) enableWasmThreads();
const { defaultDevice, init, jit, nn, numpy: np, tree, valueAndGrad } = await import("@jax-js/jax");
await init("wasm");
defaultDevice("wasm");

const { p, dModel, heads } = sizes;
const dHead = dModel / heads;
const examples = trainExamples(sizes);
const count = examples.a.length;
const [B1, B2, LR, DECAY, EPS] = [0.9, 0.98, 1e-3, 1, 1e-8];

type Params = Record<keyof ReturnType<typeof initialWeights>, numpy.Array>;
type Batch = { a: numpy.Array; b: numpy.Array; sum: numpy.Array };

function logits(P: Params, { a, b }: Batch): numpy.Array {
  const { W_E, W_pos, W_Q, W_K, W_V, W_O, W_in, W_out, W_U } = P;
  const at = (pos: number) => W_E.ref.add(W_pos.ref.slice(pos));
  const rows = np.stack([at(0), at(1), at(2)], 0);
  W_E.dispose();
  W_pos.dispose();
  const keys = np.matmul(rows.ref, W_K).reshape([3, p + 1, heads, dHead]);
  const values = np.matmul(rows.ref, W_V);
  const last = rows.slice(2, p);
  const q = np.matmul(last.ref, W_Q).reshape([heads, dHead]);
  const scores = keys.mul(q).sum(-1).div(Math.sqrt(dHead));
  const [oneA, oneB] = [nn.oneHot(a, p + 1), nn.oneHot(b, p + 1)];
  const pattern = nn.softmax(
    np.stack(
      [
        np.matmul(oneA.ref, scores.ref.slice(0)),
        np.matmul(oneB.ref, scores.ref.slice(1)),
        np.broadcastTo(scores.slice(2, p), [count, heads]),
      ],
      1,
    ),
    1,
  );
  const weight = (x: numpy.Array, pos: number) => x.slice([], pos).reshape([count, heads, 1]);
  const z = weight(pattern.ref, 0)
    .mul(np.matmul(oneA, values.ref.slice(0)).reshape([count, heads, dHead]))
    .add(
      weight(pattern.ref, 1).mul(
        np.matmul(oneB, values.ref.slice(1)).reshape([count, heads, dHead]),
      ),
    )
    .add(weight(pattern, 2).mul(values.slice(2, p).reshape([1, heads, dHead])));
  const mid = np.matmul(z.reshape([count, dModel]), W_O).add(last);
  const post = nn.relu(np.matmul(mid.ref, W_in));
  return np.matmul(mid.add(np.matmul(post, W_out)), W_U);
}

function loss(P: Params, batch: Batch): numpy.Array {
  const logProbs = nn.logSoftmax(logits(P, batch), -1);
  return logProbs.mul(nn.oneHot(batch.sum, p)).sum().div(-count);
}

const gradient = valueAndGrad(loss);

/** One AdamW update; `scale1` and `scale2` are 1 / (1 - beta^step). */
const update = jit(
  (P: Params, m: Params, v: Params, scale1: numpy.Array, scale2: numpy.Array, batch: Batch) => {
    const [value, g] = gradient(tree.ref(P), batch);
    const names = Object.keys(P) as (keyof Params)[];
    const next = { P: {} as Params, m: {} as Params, v: {} as Params };
    for (const name of names) {
      next.m[name] = m[name].mul(B1).add(g[name].ref.mul(1 - B1));
      next.v[name] = v[name].mul(B2).add(g[name].ref.mul(g[name]).mul(1 - B2));
      const scaled = next.m[name].ref.mul(scale1.ref);
      const root = np.sqrt(next.v[name].ref.mul(scale2.ref)).add(EPS);
      next.P[name] = P[name].mul(1 - LR * DECAY).sub(scaled.div(root).mul(LR));
    }
    scale1.dispose();
    scale2.dispose();
    return [value, next] as const;
  },
);

const upload = ({ data, shape }: Matrix) => np.array(new Float32Array(data)).reshape([...shape]);
const zeros = ({ shape }: Matrix) => np.zeros([...shape]);
const drawn = initialWeights(sizes);
const mapWeights = (f: (x: Matrix) => numpy.Array) =>
  Object.fromEntries(Object.entries(drawn).map(([name, x]) => [name, f(x)])) as Params;
const index = (x: Int32Array) => np.array(new Int32Array(x), { dtype: np.int32 });
const batch: Batch = { a: index(examples.a), b: index(examples.b), sum: index(examples.sum) };
let state = { P: mapWeights(upload), m: mapWeights(zeros), v: mapWeights(zeros) };
let done = 0;

async function step(): Promise<number> {
  done++;
  const scale = (beta: number) => np.array(1 / (1 - beta ** done));
  const [value, next] = update(state.P, state.m, state.v, scale(B1), scale(B2), tree.ref(batch));
  state = next;
  return (await value.data())[0] as number;
}

await run({ name: "jax-js jit", threads, step }, steps, serve);
process.exit(0);
