/**
 * The functions with which PyTorch rebuilds tensors. Each takes exactly the arguments that are known to
 * mean nothing else: more of them, or others, refuse the value.
 * Source: PyTorch, torch/_utils.py, torch/_tensor.py (`_reduce_ex_internal`).
 */

import { shown } from "../../core/text.ts";
import { Opaque, PyCallable, PyDict, PyName, PyTuple, Refusal } from "../pickle/values.ts";
import { count, counts, malformed } from "./args.ts";
import { negationOf } from "./negated.ts";
import { NumpyArray } from "./numpy-globals.ts";
import { Storage, TensorRef, TorchType } from "./tensor-ref.ts";

/** `_rebuild_tensor` and `_v2`: storage, offset, shape, strides, requires_grad, hooks, metadata. */
function tensor([storage, ...args]: readonly unknown[]): TensorRef {
  const bytes = storageOf(storage);
  return view(bytes, bytes.element, args, args[5]);
}

/** `_rebuild_tensor_v3`: as before, but with the type before the metadata. */
function typedTensor([storage, ...args]: readonly unknown[]): TensorRef {
  const type = args[5];
  if (!(type instanceof TorchType)) throw malformed("a tensor has no type");
  return view(storageOf(storage), type, args, args[6]);
}

function storageOf(value: unknown): Storage {
  if (!(value instanceof Storage)) throw malformed("a tensor has no storage");
  return value;
}

function view(
  storage: Storage,
  element: TorchType,
  [offset, shape, strides]: readonly unknown[],
  metadata: unknown,
): TensorRef {
  const refusal = element.refusal ?? storage.element.refusal;
  if (refusal !== undefined) throw new Refusal(refusal);
  if (element.type === undefined) throw malformed("a tensor has no type");
  return new TensorRef(
    storage,
    element.type,
    count("the offset of a tensor", offset),
    counts("the shape of a tensor", shape),
    counts("the strides of a tensor", strides),
    isNegated(metadata) ? negationOf(element.type) : undefined,
  );
}

/** `{"neg": bool, "conj": bool}`; anything else may change the values in a way that is not known here. */
function isNegated(metadata: unknown): boolean {
  if (metadata === undefined || metadata === null) return false;
  if (!(metadata instanceof PyDict)) throw malformed("the metadata of a tensor is not a dict");
  const { pairs } = metadata;
  for (let i = 0; i < pairs.length; i += 2) {
    const [key, value] = [pairs[i], pairs[i + 1]];
    if (typeof value !== "boolean" || (key !== "neg" && key !== "conj")) {
      throw new Refusal(`has metadata ${shown(key)}, which are not known; neg and conj are`);
    }
  }
  if (metadata.get("conj") === true) {
    throw new Refusal("is lazily conjugated, which is not read; save x.resolve_conj()");
  }
  return metadata.get("neg") === true;
}

/** A Parameter is its tensor. */
function parameter([data]: readonly unknown[]): unknown {
  if (!(data instanceof TensorRef || data instanceof NumpyArray)) {
    throw malformed("a parameter has no tensor");
  }
  return data;
}

/** `_rebuild_from_type_v2`: function, class, arguments, attributes. The class is PyTorch's own. */
function fromType([make, type, args]: readonly unknown[]): unknown {
  if (!(make instanceof PyCallable && args instanceof PyTuple && type instanceof PyName)) {
    throw malformed("a tensor has no function that makes it");
  }
  if (make.name.startsWith("_rebuild_from_type")) throw malformed("a subclass of a subclass");
  const odd = args.items.find((arg) => arg instanceof Opaque);
  if (odd !== undefined) throw odd;
  return make.call(args.items);
}

/** Of a tensor or array in main memory: it, its type, device, requires_grad. */
function fromMemory([memory, type]: readonly unknown[]): TensorRef {
  const ref = memory instanceof NumpyArray ? memory.given() : memory;
  if (ref instanceof Opaque) throw ref;
  if (!(ref instanceof TensorRef && type instanceof TorchType)) {
    throw malformed("a tensor has no array");
  }
  if (type.refusal !== undefined) throw new Refusal(type.refusal);
  const exact = type.type === ref.type || (type.type === "BF16" && ref.type === "F32");
  if (!exact) throw new Refusal(`is a ${type.name} tensor kept as ${ref.type}, which is not read`);
  return ref;
}

function refuse(reason: string): () => never {
  return () => {
    throw new Refusal(reason);
  };
}

/** Many arguments: those of a refusal do not matter. */
const ANY: readonly [number, number] = [0, Number.POSITIVE_INFINITY];

const noValues = "has no values (device meta, or a subclass without memory)";
const quantized = "is a quantized tensor, which is not read; save x.dequantize()";
const sparse = "is a sparse tensor, which is not read; save x.to_dense()";
const nested = "is a nested tensor, which is not read; save x.unbind()";

/** Classes of tensors without a counterpart here, and why. */
export const refusedClasses: readonly (readonly [string, Opaque])[] = [
  ["torch.nested._internal.nested_tensor NestedTensor", new Opaque(nested)],
];

/** By `module name`. */
export const rebuildFunctions: readonly (readonly [
  string,
  readonly [number, number],
  (args: readonly unknown[]) => unknown,
])[] = [
  ["torch._utils _rebuild_tensor", [4, 4], tensor],
  ["torch._utils _rebuild_tensor_v2", [6, 7], tensor],
  ["torch._utils _rebuild_tensor_v3", [7, 8], typedTensor],
  ["torch._utils _rebuild_parameter", [3, 3], parameter],
  ["torch._utils _rebuild_parameter_with_state", [4, 4], parameter],
  ["torch._tensor _rebuild_from_type_v2", [4, 4], fromType],
  ["torch._tensor _rebuild_from_type", [4, 4], fromType],
  ["torch._utils _rebuild_device_tensor_from_numpy", [4, 4], fromMemory],
  ["torch._utils _rebuild_sparse_tensor", ANY, refuse(sparse)],
  ["torch._utils _rebuild_sparse_csr_tensor", ANY, refuse(sparse)],
  ["torch._utils _rebuild_nested_tensor", ANY, refuse(nested)],
  ["torch.nested._internal.nested_tensor _rebuild_njt", ANY, refuse(nested)],
  ["torch._utils _rebuild_qtensor", ANY, refuse(quantized)],
  ["torch._utils _rebuild_meta_tensor_no_storage", ANY, refuse(noValues)],
  ["torch._utils _rebuild_wrapper_subclass", ANY, refuse(noValues)],
  ["torch._utils _rebuild_device_tensor_from_cpu_tensor", [4, 4], fromMemory],
];
