/**
 * `dot`, a broadcasting multiply and a sum over the last axis, as one matrix product. Every piece of
 * an axis is a batch axis (in both operands and the result), a row (left only), a column (right
 * only), or summed over; the memory order of the operands decides the order inside each kind.
 */

import { sizeOf } from "../../core/nd.ts";
import type { GraphBuilder, GraphTensor } from "./graph.ts";
import type { Atom, Column, Value } from "./layout.ts";
import {
  aligned,
  arrange,
  isInMemoryOrder,
  shapeOf,
  storedSize,
  stretched,
  viewOfColumns,
} from "./layout.ts";
import { broadcastShape, pointwise } from "./pointwise.ts";
import { reduced } from "./reduction.ts";

type Kind = "batch" | "row" | "column" | "depth" | "left" | "right" | "none";

/**
 * `sum(x * y, axis=-1)` of floats or int32. `inReaderOrder` shows a result as its reader looks at it: of
 * the product and its transpose, the one that the reader finds in order in memory is computed.
 */
export function dot(
  graph: GraphBuilder,
  left: Value,
  right: Value,
  inReaderOrder: (value: Value) => Value,
): Value {
  const shape = broadcastShape([shapeOf(left), shapeOf(right)]);
  const wide = [left, right].map((value) => stretched(value, shape));
  const { values, columns } = aligned(graph, wide);
  const last = shape.length - 1;
  const kinds = new Map(columns.map((column) => [column, kindOf(column, last)]));
  const of = (kind: Kind): Column[] => columns.filter((column) => kinds.get(column) === kind);
  const depth = of("depth");
  const outer = of("row").length === 0 && of("column").length === 0;
  const lopsided = ["left", "right"].some((kind) => of(kind as Kind).length > 0);
  if (depth.length === 0 || outer || lopsided)
    return productAndSum(graph, values, last, inReaderOrder);
  const none = columns.filter((column) => column.axis === last && kinds.get(column) === "none");
  const result = product(graph, values as [Value, Value], columns, of, inReaderOrder);
  const repeats = none.reduce((times, { size }) => times * size, 1);
  return repeats === 1 ? result : scaled(graph, result, repeats);
}

function kindOf({ axis, strides: [x, y] }: Column, last: number): Kind {
  const both = x !== 0 && y !== 0;
  if (axis === last) return both ? "depth" : x !== 0 ? "left" : y !== 0 ? "right" : "none";
  return both ? "batch" : x !== 0 ? "row" : y !== 0 ? "column" : "none";
}

/** Where nothing is contracted between two matrices: multiply, then sum what is left of the axis. */
function productAndSum(
  graph: GraphBuilder,
  factors: readonly Value[],
  last: number,
  inReaderOrder: (value: Value) => Value,
): Value {
  const times = pointwise(
    graph,
    factors,
    (tensors, shape) => graph.node("Mul", tensors, (tensors[0] as GraphTensor).type, shape),
    ({ tensor, axes }) => inReaderOrder({ tensor, axes: axes.slice(0, last) }),
  );
  return reduced(graph, times, [last], "Add");
}

function scaled(graph: GraphBuilder, value: Value, factor: number): Value {
  const type = value.tensor.type;
  if (type === "int64") throw new Error("onnx: int64 is not a dtype of programs");
  const scalar: Value = { tensor: graph.scalar(type, factor), axes: [] };
  return pointwise(graph, [value, scalar], (tensors, shape) =>
    graph.node("Mul", tensors, type, shape),
  );
}

interface Matrix {
  readonly tensor: GraphTensor;
  readonly flipped: boolean;
}

function product(
  graph: GraphBuilder,
  [left, right]: readonly [Value, Value],
  columns: readonly Column[],
  of: (kind: Kind) => Column[],
  inReaderOrder: (value: Value) => Value,
): Value {
  const leader = storedSize(left) >= storedSize(right) ? 0 : 1;
  const inOrder = (kind: Kind, operand: number): Column[] =>
    of(kind).sort((a, b) => (b.strides[operand] as number) - (a.strides[operand] as number));
  const batch = inOrder("batch", leader);
  const depth = inOrder("depth", leader);
  const rows = inOrder("row", 0);
  const cols = inOrder("column", 1);
  const x = (): Matrix => matrix(graph, left, 0, [batch, rows, depth]);
  const y = (): Matrix => matrix(graph, right, 1, [batch, cols, depth]);
  const rank = shapeOf(left).length - 1;
  const kept = columns.filter(({ axis }) => axis < rank);
  const [b, m, n] = [batch, rows, cols].map(sizeOfColumns) as [number, number, number];
  const result = (tensor: GraphTensor, order: readonly Column[]): Value =>
    viewOfColumns(tensor, rank, kept, order);
  const straight = [...batch, ...rows, ...cols];
  const turned = [...batch, ...cols, ...rows];
  const inMemory = (order: readonly Column[]): boolean =>
    isInMemoryOrder(inReaderOrder(result(left.tensor, order)).axes.flat());
  const reader = !inMemory(straight) && inMemory(turned);
  if (sizeOfColumns(depth) >= deep ? m < n : reader) {
    return result(multiply(graph, y(), x(), [b, n, m]), turned);
  }
  return result(multiply(graph, x(), y(), [b, m, n]), straight);
}

/**
 * From this depth on, transposing a result costs nothing beside computing it, and the longer side
 * makes the rows: ONNX Runtime packs the columns, and shares the rows out among the threads.
 */
const deep = 1024;

const sizeOfColumns = (columns: readonly Column[]): number =>
  columns.reduce((total, { size }) => total * size, 1);

/** An operand as [batch, outer, depth], or [batch, depth, outer] where that saves a transpose. */
function matrix(
  graph: GraphBuilder,
  value: Value,
  operand: number,
  [batch, outer, depth]: readonly [Column[], Column[], Column[]],
): Matrix {
  const atoms = (columns: readonly Column[]): Atom[] =>
    columns.map(({ size, strides }) => ({ size, stride: strides[operand] as number }));
  const [b, m, k] = [batch, outer, depth].map(sizeOfColumns) as [number, number, number];
  const straight = atoms([...batch, ...outer, ...depth]);
  const turned = atoms([...batch, ...depth, ...outer]);
  const flipped = !isInMemoryOrder(straight) && isInMemoryOrder(turned);
  const shape = flipped ? [k, m] : [m, k];
  const tensor = arrange(
    graph,
    value.tensor,
    flipped ? turned : straight,
    batch.length === 0 ? shape : [b, ...shape],
  );
  return { tensor, flipped };
}

/** [batch, rows, cols]; without batch a `Gemm`, with it ONNX Runtime's `FusedMatMul`. */
function multiply(
  graph: GraphBuilder,
  x: Matrix,
  y: Matrix,
  [b, m, n]: readonly [number, number, number],
): GraphTensor {
  const type = x.tensor.type;
  const attributes = { transA: x.flipped ? 1 : 0, transB: y.flipped ? 0 : 1 };
  const inputs = [x.tensor, y.tensor];
  const floating = type === "float32" || type === "float64";
  const batched = x.tensor.shape.length === 3;
  if (!floating) return integerProduct(graph, x, y, batched ? [b, m, n] : [m, n]);
  if (!batched) return graph.node("Gemm", inputs, type, [m, n], { attributes });
  return graph.node("FusedMatMul", inputs, type, [b, m, n], {
    attributes,
    domain: "com.microsoft",
  });
}

function integerProduct(
  graph: GraphBuilder,
  x: Matrix,
  y: Matrix,
  shape: readonly number[],
): GraphTensor {
  const a = x.flipped ? turnedMatrix(graph, x.tensor) : x.tensor;
  const b = y.flipped ? y.tensor : turnedMatrix(graph, y.tensor);
  if (sizeOf(shape) === 0) throw new Error("onnx: empty matrix product");
  return graph.node("MatMul", [a, b], a.type, shape);
}

function turnedMatrix(graph: GraphBuilder, tensor: GraphTensor): GraphTensor {
  const rank = tensor.shape.length;
  const perm = rank === 2 ? [1, 0] : [0, 2, 1];
  const shape = perm.map((axis) => tensor.shape[axis] as number);
  return graph.node("Transpose", [tensor], tensor.type, shape, { attributes: { perm } });
}
