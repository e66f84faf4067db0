/** Reductions over lazy views: only the elements that are really there are read. */

import type { ReduceOp } from "../program.ts";
import type { GraphBuilder, GraphTensor } from "./graph.ts";
import type { Atom, Axis, Column, Value } from "./layout.ts";
import { arrange, shapeOf, viewOfColumns } from "./layout.ts";
import { pointwise } from "./pointwise.ts";

const operators: { readonly [O in ReduceOp]: string } = {
  Add: "ReduceSum",
  Mul: "ReduceProd",
  Max: "ReduceMax",
  Min: "ReduceMin",
};

/** Reduce `value` over logical axes; a repeated element counts as often as it is repeated. */
export function reduced(
  graph: GraphBuilder,
  value: Value,
  axes: readonly number[],
  op: ReduceOp,
): Value {
  const repeats = axes
    .flatMap((axis) => value.axes[axis] as Axis)
    .filter(({ stride }) => stride === 0)
    .reduce((times, { size }) => times * size, 1);
  const result = reducedElements(graph, value, axes, op);
  return repeats === 1 ? result : repeated(graph, result, op, repeats);
}

function reducedElements(
  graph: GraphBuilder,
  value: Value,
  axes: readonly number[],
  op: ReduceOp,
): Value {
  const columns = value.axes.flatMap((axis, i) =>
    axis.map(({ size, stride }): Column => ({ axis: i, size, strides: [stride] })),
  );
  const isReduced = ({ axis }: Column): boolean => axes.includes(axis);
  const order = columns
    .filter(({ strides }) => strides[0] !== 0)
    .sort((a, b) => (b.strides[0] as number) - (a.strides[0] as number));
  const kept = shapeOf(value).flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const renumbered = (column: Column): Column => ({ ...column, axis: kept.indexOf(column.axis) });
  const survivors = new Map(columns.filter((c) => !isReduced(c)).map((c) => [c, renumbered(c)]));
  let tensor = value.tensor;
  if (order.some(isReduced)) {
    const groups = runs(order, isReduced);
    const sizes = groups.map((group) => group.reduce((product, { size }) => product * size, 1));
    const atoms = order.map(({ size, strides }): Atom => ({ size, stride: strides[0] as number }));
    const source = arrange(graph, value.tensor, atoms, sizes);
    tensor = reduceTensor(
      graph,
      source,
      groups.flatMap((group, i) => (isReduced(group[0] as Column) ? [i] : [])),
      op,
    );
  }
  const remaining = order.filter((column) => !isReduced(column));
  return viewOfColumns(
    tensor,
    kept.length,
    [...survivors.values()],
    remaining.map((column) => survivors.get(column) as Column),
  );
}

/** Neighbors in memory that are all reduced or all kept. */
function runs(order: readonly Column[], isReduced: (column: Column) => boolean): Column[][] {
  const groups: Column[][] = [];
  for (const column of order) {
    const last = groups.at(-1);
    if (last && isReduced(last[0] as Column) === isReduced(column)) last.push(column);
    else groups.push([column]);
  }
  return groups;
}

function reduceTensor(
  graph: GraphBuilder,
  tensor: GraphTensor,
  axes: readonly number[],
  op: ReduceOp,
): GraphTensor {
  const shape = tensor.shape.filter((_, i) => !axes.includes(i));
  const attributes = { keepdims: 0 };
  const inputs = [tensor, graph.int64(axes)];
  return graph.node(operators[op], inputs, tensor.type, shape, { attributes });
}

function repeated(graph: GraphBuilder, value: Value, op: ReduceOp, times: number): Value {
  const type = value.tensor.type;
  if (op === "Max" || op === "Min") return value;
  if (type === "int64") throw new Error("onnx: int64 is not a dtype of programs");
  const factor: Value = { tensor: graph.scalar(type, times), axes: [] };
  return pointwise(graph, [value, factor], (tensors, shape) =>
    graph.node(op === "Add" ? "Mul" : "Pow", tensors, type, shape),
  );
}
