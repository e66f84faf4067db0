/** Storages (flat memory) and the tensors that look into them, before the bytes are decoded. */

import type { ElementType } from "../elements.ts";

/** What a PyTorch name such as `torch.FloatStorage` or `torch.float32` says about elements. */
export class ElementName {
  readonly name: string;
  /** Undefined for an untyped storage: the tensor names its type. */
  readonly type: ElementType | undefined;
  constructor(name: string, type: ElementType | undefined) {
    this.name = name;
    this.type = type;
  }
}

/** Bytes that tensors share. */
export class Storage {
  readonly key: string;
  readonly type: ElementType | undefined;
  /** Undefined until read: the legacy format keeps them after the tensors. */
  bytes: Uint8Array | undefined;
  constructor(key: string, type: ElementType | undefined, bytes?: Uint8Array) {
    this.key = key;
    this.type = type;
    this.bytes = bytes;
  }
}

/** A strided view of a storage; offset and strides count elements. */
export class TensorRef {
  readonly storage: Storage;
  readonly type: ElementType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(
    storage: Storage,
    type: ElementType,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.type = type;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}
