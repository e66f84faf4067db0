/**
 * Lowerings of `gather` and `scatter`. Both see the indexed axes as one axis of combined indices.
 * ONNX Runtime's `ScatterND` loses updates when an index repeats, because it adds in parallel; here
 * a sum over repeated indices is a matrix product or a sum over padded lists, exact and repeatable.
 */

import type { NdArray, Shape } from "../../core/nd.ts";
import { sizeOf } from "../../core/nd.ts";
import type { GraphBuilder, GraphTensor } from "./graph.ts";
import type { Value } from "./layout.ts";
import { materialized, permuted, shapeOf, stridesOf, view } from "./layout.ts";
import type { Lowering } from "./lowering.ts";
import { reshapedOrCopied } from "./movement.ts";
import { broadcastShape, pointwise } from "./pointwise.ts";

/** Axis numbers of `shape` with `axis` first and the others after it. */
function indexedFirst(shape: Shape, axis: readonly number[]): number[] {
  return [...axis, ...shape.flatMap((_, i) => (axis.includes(i) ? [] : [i]))];
}

/** One index into the indexed axes taken together, row-major, as int32 of the indices' shape. */
function combinedIndex(
  graph: GraphBuilder,
  indices: readonly Value[],
  sizes: readonly number[],
): Value {
  const strides = stridesOf(sizes);
  const scaled = indices.map((index, i) => {
    const signed = pointwise(graph, [index], ([x]) => graph.cast(x as GraphTensor, "int32"));
    const stride: Value = { tensor: graph.scalar("int32", strides[i] as number), axes: [] };
    if (strides[i] === 1) return signed;
    return pointwise(graph, [signed, stride], (tensors, shape) =>
      graph.node("Mul", tensors, "int32", shape),
    );
  });
  return scaled.reduce((sum, index) =>
    pointwise(graph, [sum, index], (tensors, shape) => graph.node("Add", tensors, "int32", shape)),
  );
}

export const gather: Lowering<"gather"> = ({ graph }, [x, ...indices], { params }) => {
  const data = x as Value;
  const shape = shapeOf(data);
  const sizes = params.axis.map((axis) => shape[axis] as number);
  const indexShape = broadcastShape(indices.map(shapeOf));
  const index = materialized(graph, combinedIndex(graph, indices, sizes));
  if (params.axis.length === 1) {
    const axis = params.axis[0] as number;
    const out = [...shape.slice(0, axis), ...indexShape, ...shape.slice(axis + 1)];
    const picked = graph.node("Gather", [materialized(graph, data), index], data.tensor.type, out, {
      attributes: { axis },
    });
    return [moveBlock(view(picked), axis, indexShape.length, params.outDim)];
  }
  const order = indexedFirst(shape, params.axis);
  const rest = order.slice(sizes.length).map((axis) => shape[axis] as number);
  const flat = reshapedOrCopied(graph, permuted(data, order), [sizeOf(sizes), ...rest]);
  const out = [...indexShape, ...rest];
  const picked = graph.node("Gather", [materialized(graph, flat), index], data.tensor.type, out, {
    attributes: { axis: 0 },
  });
  return [moveBlock(view(picked), 0, indexShape.length, params.outDim)];
};

/** Move the `count` axes that start at `from` so that they start at `to` among the others. */
function moveBlock(value: Value, from: number, count: number, to: number): Value {
  const all = value.axes.map((_, i) => i);
  const block = all.slice(from, from + count);
  const others = all.filter((axis) => !block.includes(axis));
  return permuted(value, [...others.slice(0, to), ...block, ...others.slice(to)]);
}

export const scatter: Lowering<"scatter"> = (context, [updates, ...indices], equation) => {
  const { graph } = context;
  const { shape, axis, outDim } = equation.params;
  const sizes = axis.map((i) => shape[i] as number);
  const indexShape = broadcastShape(indices.map(shapeOf));
  const order = indexedFirst(shape, axis);
  const rest = order.slice(sizes.length).map((i) => shape[i] as number);
  const rows = sizeOf(indexShape);
  const block = (updates as Value).axes.map((_, i) => i).slice(outDim, outDim + indexShape.length);
  const front = [...block, ...(updates as Value).axes.map((_, i) => i)];
  const moved = permuted(
    updates as Value,
    front.filter((i, k) => front.indexOf(i) === k),
  );
  const flat = reshapedOrCopied(graph, moved, [rows, sizeOf(rest)]);
  const known = equation.inputs.slice(1).map((operand) => context.known(operand));
  const target = sizeOf(sizes);
  const summed = known.every((array) => array !== undefined)
    ? scatterKnown(graph, flat, linearIndices(known, indexShape, sizes), target)
    : scatterDynamic(graph, flat, combinedIndex(graph, indices, sizes), target);
  const full = reshapedOrCopied(graph, view(summed), [...sizes, ...rest]);
  const back = order.map((_, i) => order.indexOf(i));
  return [permuted(full, back)];
};

/** Combined indices as numbers; -1 for those outside, which are dropped. */
function linearIndices(
  arrays: readonly NdArray[],
  indexShape: Shape,
  sizes: readonly number[],
): number[] {
  const strides = stridesOf(indexShape);
  return Array.from({ length: sizeOf(indexShape) }, (_, n) => {
    let linear = 0;
    for (const [k, { data, shape }] of arrays.entries()) {
      const own = stridesOf(shape);
      const lead = indexShape.length - shape.length;
      let at = 0;
      for (const [i, size] of shape.entries()) {
        const stride = strides[i + lead] as number;
        if (size > 1) at += (Math.floor(n / stride) % size) * (own[i] as number);
      }
      const index = data[at] as number;
      if (index < 0 || index >= (sizes[k] as number)) return -1;
      linear = linear * (sizes[k] as number) + index;
    }
    return linear;
  });
}

/** Sum rows with known indices: gather each target's rows, padded with a row of zeros, and sum. */
function scatterKnown(
  graph: GraphBuilder,
  updates: Value,
  indices: readonly number[],
  target: number,
): GraphTensor {
  const [rows, width] = shapeOf(updates) as [number, number];
  const lists: number[][] = Array.from({ length: target }, () => []);
  for (const [row, index] of indices.entries()) {
    if (index < 0) continue;
    lists[index]?.push(row);
  }
  const longest = Math.max(1, ...lists.map((list) => list.length));
  const padded = Int32Array.from({ length: target * longest }, (_, i) => {
    return lists[Math.floor(i / longest)]?.[i % longest] ?? rows;
  });
  const source = materialized(graph, updates);
  const zeros = graph.node(
    "Expand",
    [zeroOf(graph, source), graph.int64([1, width])],
    source.type,
    [1, width],
  );
  const extended = graph.node("Concat", [source, zeros], source.type, [rows + 1, width], {
    attributes: { axis: 0 },
  });
  const shape = longest === 1 ? [target] : [target, longest];
  const table = graph.constant({ dtype: "int32", shape, data: padded });
  const picked = graph.node("Gather", [extended, table], source.type, [...shape, width], {
    attributes: { axis: 0 },
  });
  if (longest === 1) return picked;
  return graph.node("ReduceSum", [picked, graph.int64([1])], source.type, [target, width], {
    attributes: { keepdims: 0 },
  });
}

function zeroOf(graph: GraphBuilder, { type }: GraphTensor): GraphTensor {
  if (type === "int64") throw new Error("onnx: int64 is not a dtype of programs");
  return graph.scalar(type, 0);
}

/** Up to so many targets, a matrix product sums rows faster than one addition after the other. */
const fewTargets = 256;

/** Sum rows with indices known only at run time. */
function scatterDynamic(
  graph: GraphBuilder,
  updates: Value,
  index: Value,
  target: number,
): GraphTensor {
  const rows = (shapeOf(updates) as [number, number])[0];
  const source = materialized(graph, updates);
  const column = graph.reshape(materialized(graph, index), [rows, 1]);
  const floats = source.type === "float32" || source.type === "float64";
  return floats && target <= fewTargets
    ? scatterByProduct(graph, source, column, target)
    : scatterInTurn(graph, source, column, target);
}

/**
 * The transposed one-hot matrix of the indices times the updates. Where an update is infinite, every
 * sum in its column is NaN, since 0 * infinity is.
 */
function scatterByProduct(
  graph: GraphBuilder,
  source: GraphTensor,
  column: GraphTensor,
  target: number,
): GraphTensor {
  const [rows, width] = source.shape as [number, number];
  const data = Int32Array.from({ length: target }, (_, i) => i);
  const places = graph.constant({ dtype: "int32", shape: [target], data });
  const hot = graph.node("Equal", [column, places], "bool", [rows, target]);
  return graph.node("Gemm", [graph.cast(hot, source.type), source], source.type, [target, width], {
    attributes: { transA: 1, transB: 0 },
  });
}

/** `ScatterElements` adds one update after the other. */
function scatterInTurn(
  graph: GraphBuilder,
  source: GraphTensor,
  column: GraphTensor,
  target: number,
): GraphTensor {
  const [rows, width] = source.shape as [number, number];
  const wide = graph.node("Expand", [column, graph.int64([rows, width])], column.type, [
    rows,
    width,
  ]);
  const shape = [target, width];
  const zeros = graph.node(
    "Expand",
    [zeroOf(graph, source), graph.int64(shape)],
    source.type,
    shape,
  );
  const attributes = { axis: 0, reduction: "add" };
  return graph.node("ScatterElements", [zeros, wide, source], source.type, shape, { attributes });
}
