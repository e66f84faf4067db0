/**
 * Who frees what. A `Box` owns one jax-js reference. It is freed by `dispose()`, by its scope, or
 * when its tensor becomes unreachable. The collector does not see the memory of WebAssembly or a
 * GPU, so bytes are counted here: each time `BUDGET` more bytes have been made, pending work is
 * executed (jax-js is lazy, and pending work holds its inputs) and unreachable tensors are freed.
 */

import { isConcrete, type Tracer } from "./jax.ts";

/** Bytes of new tensors between two collections; the live set may make it larger. */
const BUDGET = 128 * 2 ** 20;

/** Lazy operations in a row before they are executed: jax-js copies its list of pending work. */
const MAX_PENDING = 128;

const BYTES: { readonly [dtype: string]: number } = { float64: 8 };

/** What owns boxes and wants to hear when one is freed early. */
export interface Owner {
  readonly boxes: Set<Box>;
}

export interface Box {
  /** The owned reference; undefined once freed. */
  tracer: Tracer | undefined;
  readonly bytes: number;
  /** False for the tracers of `grad`, `vmap` and `trace`. */
  readonly concrete: boolean;
  owner: Owner | undefined;
  /** The tensor that uses it. Weak: a box must not keep its tensor alive. */
  user: WeakRef<object> | undefined;
  executed: boolean;
}

const live = new Set<Box>();
let liveBytes = 0;
let madeBytes = 0;
let madeCount = 0;
let byteBudget = BUDGET;
let tracing = 0;

const registry = new FinalizationRegistry<Box>((box) => freeBox(box));

/** Bytes held by the tensors that are not freed (views count as if they were copies). */
export function memory(): { readonly tensors: number; readonly bytes: number } {
  return { tensors: live.size, bytes: liveBytes };
}

/** Take over one reference on behalf of `user`, which becomes its only keeper. */
export function makeBox(tracer: Tracer, user: object, owner: Owner | undefined): Box {
  const concrete = isConcrete(tracer);
  const bytes = concrete ? tracer.size * (BYTES[tracer.dtype] ?? 4) : 0;
  const box: Box = { tracer, bytes, concrete, owner, user: undefined, executed: false };
  owner?.boxes.add(box);
  if (!concrete) return box;
  box.user = new WeakRef(user);
  registry.register(user, box, box);
  live.add(box);
  liveBytes += bytes;
  madeBytes += bytes;
  madeCount += 1;
  if (tracing === 0 && tracer.device !== "webgpu") collectIfNeeded(box);
  return box;
}

/** Give the reference back. Freeing twice does nothing. */
export function freeBox(box: Box): void {
  const { tracer } = box;
  if (tracer === undefined) return;
  box.tracer = undefined;
  box.owner?.boxes.delete(box);
  box.owner = undefined;
  if (box.concrete) {
    live.delete(box);
    liveBytes -= box.bytes;
    registry.unregister(box);
  }
  tracer.dispose();
}

/** Run `f`, in which jax-js records every operation, also those on arrays. */
export function whileTracing<R>(f: () => R): R {
  tracing += 1;
  try {
    return f();
  } finally {
    tracing -= 1;
  }
}

/** Whether these are arrays whose product may be computed at once: not recorded, not on a GPU. */
export function onHost(...boxes: readonly Box[]): boolean {
  const settled = ({ tracer, concrete }: Box) =>
    concrete && tracer !== undefined && tracer.size > 0 && tracer.device !== "webgpu";
  return tracing === 0 && boxes.every(settled);
}

/** Execute the work behind a result now, so that the intermediates it holds are freed. */
export function flush(box: Box): void {
  if (box.concrete && tracing === 0 && box.tracer?.device !== "webgpu") execute(box);
}

function collectIfNeeded(newest: Box): void {
  if (madeCount >= MAX_PENDING) {
    madeCount = 0;
    execute(newest);
  }
  if (madeBytes < byteBudget) return;
  freeUnreachable();
  for (const box of live) execute(box);
  madeBytes = 0;
  byteBudget = Math.max(BUDGET, liveBytes / 2);
}

/** Execute the pending work behind a box by reading its first element. */
function execute(box: Box): void {
  if (box.executed || box.tracer === undefined) return;
  box.executed = true;
  if (box.tracer.size > 0) box.tracer.ref.reshape([-1]).slice([0, 1]).dataSync();
}

/** Free every box whose tensor is gone, where the platform can collect on demand. */
function freeUnreachable(): void {
  collector ??= makeCollector();
  if (!collector()) return;
  for (const box of live) if (box.user?.deref() === undefined) freeBox(box);
}

/** Collect garbage now; false where that is not possible (a browser), and finalizers do it later. */
type Collector = () => boolean;

let collector: Collector | undefined;

/**
 * In Node: V8's own `gc`, after a microtask checkpoint of an empty context. The checkpoint matters:
 * until one happens, V8 keeps every target of a new `WeakRef` alive, so that a synchronous loop
 * would never see a tensor go.
 */
function makeCollector(): Collector {
  const load = globalThis.process?.getBuiltinModule;
  const vm = load?.("node:vm");
  const v8 = load?.("node:v8");
  if (!vm || !v8) return () => false;
  v8.setFlagsFromString("--expose-gc");
  const gc = vm.runInNewContext("gc") as () => void;
  const context = vm.createContext({}, { microtaskMode: "afterEvaluate" });
  const checkpoint = new vm.Script("Promise.resolve().then(() => 0)");
  return () => {
    checkpoint.runInContext(context);
    gc();
    return true;
  };
}
