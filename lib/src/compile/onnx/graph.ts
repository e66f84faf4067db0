/** An ONNX graph under construction: plain nodes over typed tensors. */

import type { DType, NdArray, Shape } from "../../core/nd.ts";
import { sizeOf } from "../../core/nd.ts";

/** ONNX needs int64 for shapes and indices besides the dtypes of programs. */
export type ElementType = DType | "int64";

/** A named value of the graph with its known type. */
export interface GraphTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

export type Attribute = number | readonly number[] | string | { readonly float: number };

export interface GraphNode {
  readonly op: string;
  /** Empty for ONNX's own operators. */
  readonly domain: "" | "com.microsoft";
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Initializer {
  readonly tensor: GraphTensor;
  /** Row-major; int64 as bigints. */
  readonly data: NdArray["data"] | BigInt64Array;
}

export interface Graph {
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  readonly initializers: readonly Initializer[];
  /** In an order in which every input is defined before it is used. */
  readonly nodes: readonly GraphNode[];
}

interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: "" | "com.microsoft";
}

/** Collects nodes; asking twice for the same node gives the same tensor. */
export class GraphBuilder {
  readonly #inputs: GraphTensor[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #nodes = new Map<string, GraphNode>();
  #nextName = 0;

  #tensor(type: ElementType, shape: Shape): GraphTensor {
    return { name: `t${this.#nextName++}`, type, shape };
  }

  input(type: DType, shape: Shape): GraphTensor {
    const tensor: GraphTensor = { name: `x${this.#inputs.length}`, type, shape };
    this.#inputs.push(tensor);
    return tensor;
  }

  /** A constant array held by the model. */
  constant(array: NdArray): GraphTensor {
    const tensor = this.#tensor(array.dtype, array.shape);
    this.#initializers.set(tensor.name, { tensor, data: array.data });
    return tensor;
  }

  /** A constant scalar. */
  scalar(type: DType, value: number): GraphTensor {
    return this.#shared(`${type} ${Object.is(value, -0) ? "-0" : value}`, type, [], () =>
      typedArray(type, [value]),
    );
  }

  /** A constant vector of int64: a shape, axes, or slice bounds. */
  int64(values: readonly number[]): GraphTensor {
    return this.#shared(`int64 [${values}]`, "int64", [values.length], () =>
      BigInt64Array.from(values, BigInt),
    );
  }

  #shared(
    key: string,
    type: ElementType,
    shape: Shape,
    data: () => Initializer["data"],
  ): GraphTensor {
    const known = this.#initializers.get(key);
    if (known) return known.tensor;
    const tensor = this.#tensor(type, shape);
    this.#initializers.set(key, { tensor, data: data() });
    return tensor;
  }

  /** The only output of a node of ONNX operator `op`, of the given type and shape. */
  node(
    op: string,
    inputs: readonly GraphTensor[],
    type: ElementType,
    shape: Shape,
    options: NodeOptions = {},
  ): GraphTensor {
    return this.nodes(op, inputs, [{ type, shape }], options)[0] as GraphTensor;
  }

  /** Like `node`, for operators with several outputs. */
  nodes(
    op: string,
    inputs: readonly GraphTensor[],
    outputs: readonly { readonly type: ElementType; readonly shape: Shape }[],
    { attributes = {}, domain = "" }: NodeOptions = {},
  ): readonly GraphTensor[] {
    const key = JSON.stringify([op, domain, inputs.map(({ name }) => name), attributes, outputs]);
    const known = this.#nodes.get(key);
    if (known) return known.outputs;
    const tensors = outputs.map(({ type, shape }) => this.#tensor(type, shape));
    this.#nodes.set(key, { op, domain, inputs, outputs: tensors, attributes });
    return tensors;
  }

  /** A view of the same numbers with another shape. */
  reshape(x: GraphTensor, shape: Shape): GraphTensor {
    if (sameShape(x.shape, shape)) return x;
    if (sizeOf(x.shape) !== sizeOf(shape)) {
      throw new Error(`onnx: cannot reshape [${x.shape}] to [${shape}]`);
    }
    return this.node("Reshape", [x, this.int64(shape)], x.type, shape);
  }

  cast(x: GraphTensor, type: ElementType): GraphTensor {
    if (x.type === type) return x;
    return this.node("Cast", [x], type, x.shape, { attributes: { to: elementTypes[type] } });
  }

  /** A copy of `x` under the name that an output of the graph has. */
  output(name: string, x: GraphTensor): GraphTensor {
    const tensor: GraphTensor = { name, type: x.type, shape: x.shape };
    this.#nodes.set(`output ${name}`, {
      op: "Identity",
      domain: "",
      inputs: [x],
      outputs: [tensor],
      attributes: {},
    });
    return tensor;
  }

  build(outputs: readonly GraphTensor[]): Graph {
    return {
      inputs: this.#inputs,
      outputs,
      initializers: [...this.#initializers.values()],
      nodes: [...this.#nodes.values()],
    };
  }
}

/** Numbers of `TensorProto.DataType`. */
export const elementTypes: { readonly [T in ElementType]: number } = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
};

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

function typedArray(type: DType, values: readonly number[]): NdArray["data"] {
  switch (type) {
    case "float32":
      return Float32Array.from(values);
    case "float64":
      return Float64Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "uint32":
      return Uint32Array.from(values);
    case "bool":
      return Uint8Array.from(values);
  }
}
