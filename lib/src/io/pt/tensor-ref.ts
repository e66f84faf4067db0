/** Storages (flat memory) and the tensors that look into them, before the bytes are decoded. */

import { type ElementType, elements } from "../elements.ts";
import { Refusal } from "../pickle/values.ts";

/** What a PyTorch name such as `torch.FloatStorage` or `torch.float32` says about elements. */
export class TorchType {
  readonly name: string;
  /** Undefined for an untyped storage (the tensor names its type), and for types that are not read. */
  readonly type: ElementType | undefined;
  /** Bytes of an element. */
  readonly bytes: number;
  /** Why arrays of this type are refused; completes a sentence. */
  readonly refusal: string | undefined;

  constructor(name: string, type: ElementType | undefined, bytes?: number, refusal?: string) {
    this.name = name;
    this.type = type;
    this.bytes = bytes ?? (type === undefined ? 1 : elements[type].bytes);
    this.refusal = refusal;
  }
}

/** Bytes that tensors share, read when the first of them is asked for. */
export class Storage {
  readonly key: string;
  readonly element: TorchType;
  /** In elements; in bytes when untyped. */
  readonly length: number;
  /** Gives the bytes, in the order of the machine that wrote the file; throws `InputError`. */
  source: (() => Uint8Array) | undefined;
  private readonly bigEndian: boolean;
  private loaded: Uint8Array | undefined;

  constructor(
    key: string,
    element: TorchType,
    length: number,
    bigEndian: boolean,
    source?: () => Uint8Array,
  ) {
    this.key = key;
    this.element = element;
    this.length = length;
    this.bigEndian = bigEndian;
    this.source = source;
  }

  /** The bytes in little-endian order; undefined when the file does not have them. */
  bytes(): Uint8Array | undefined {
    if (this.loaded === undefined && this.source !== undefined) {
      const raw = this.source();
      this.loaded = this.bigEndian ? swapped(raw, this.element.bytes) : raw;
    }
    return this.loaded;
  }

  /** Whether the type of the elements must be known to put their bytes in order. */
  get needsType(): boolean {
    return this.bigEndian && this.element.type === undefined;
  }
}

/** A copy with the bytes of each element in the opposite order. */
export function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = bytes.slice();
  for (let at = 0; size > 1 && at + size <= out.length; at += size) {
    out.subarray(at, at + size).reverse();
  }
  return out;
}

/** A strided view of a storage; offset and strides count elements. */
export class TensorRef {
  readonly storage: Storage;
  readonly type: ElementType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** What each number stands for, when not for itself (PyTorch's lazy negation). */
  readonly change: ((x: number) => number) | undefined;

  constructor(
    storage: Storage,
    type: ElementType,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
    change?: (x: number) => number,
  ) {
    if (storage.needsType && elements[type].bytes > 1) {
      throw new Refusal("is of a big-endian machine and untyped; save it on a little-endian one");
    }
    this.storage = storage;
    this.type = type;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
    this.change = change;
  }
}
