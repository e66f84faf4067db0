/** From what a pickle built to plain data. */

import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import type { Budget } from "../budget.ts";
import { decode } from "../elements.ts";
import { PyDict, PyList, PyName, PyTuple } from "../pickle/values.ts";
import { NumpyArray, NumpyType } from "./numpy-globals.ts";
import { ElementName, TensorRef } from "./tensor-ref.ts";

/**
 * A checkpoint as plain data: tensors and NumPy arrays are `NdArray`s; dicts are objects (number
 * keys as text); lists, tuples and sets are arrays; dtypes and classes are their names; integers
 * beyond 2^53 are bigints.
 */
export type PtValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | NdArray
  | readonly PtValue[]
  | { readonly [key: string]: PtValue };

const DEEPEST = 200;

export class PlainReader {
  private readonly budget: Budget;
  /** Shared values stay shared; `undefined` marks one that is being made. */
  private readonly made = new Map<object, PtValue | undefined>();

  constructor(budget: Budget) {
    this.budget = budget;
  }

  /** `path` names the value in messages. */
  convert(value: unknown, path: string, depth = 0): PtValue {
    if (value === null || typeof value !== "object") return this.scalar(value, path);
    const known = this.made.get(value);
    if (known !== undefined) return known;
    if (this.made.has(value)) throw new InputError(`pt: ${path || "the file"} contains itself`);
    if (depth > DEEPEST) {
      throw new InputError(`pt: ${path.slice(0, 60)}… is nested more than ${DEEPEST} deep`);
    }
    this.made.set(value, undefined);
    const plain = this.object(value, path, depth);
    this.made.set(value, plain);
    return plain;
  }

  private scalar(value: unknown, path: string): PtValue {
    switch (typeof value) {
      case "boolean":
      case "number":
      case "bigint":
      case "string":
        return value;
      default:
        if (value === null) return null;
        throw new InputError(`pt: ${path || "the file"} is not data`);
    }
  }

  private object(value: object, path: string, depth: number): PtValue {
    if (value instanceof PyDict) return this.dict(value, path, depth);
    if (value instanceof PyList || value instanceof PyTuple) {
      return value.items.map((item, i) => this.convert(item, `${path}[${i}]`, depth + 1));
    }
    if (value instanceof TensorRef) return this.array(value, path);
    if (value instanceof NumpyArray && value.ref !== undefined) return this.array(value.ref, path);
    if (value instanceof Uint8Array) return value.slice();
    if (value instanceof ElementName || value instanceof PyName || value instanceof NumpyType) {
      return value.name;
    }
    throw new InputError(`pt: ${path || "the file"} is not data`);
  }

  private dict({ entries }: PyDict, path: string, depth: number): PtValue {
    const out = new Map<string, PtValue>();
    for (const [key, value] of entries) {
      if (key !== null && typeof key === "object") {
        throw new InputError(`pt: a key of ${path || "the file"} is neither text nor a number`);
      }
      const name = String(key);
      if (out.has(name))
        throw new InputError(`pt: ${path || "the file"} has two keys that read ${name}`);
      out.set(name, this.convert(value, path === "" ? name : `${path}.${name}`, depth + 1));
    }
    return Object.fromEntries(out);
  }

  private array({ storage, type, offset, shape, strides }: TensorRef, path: string): NdArray {
    if (storage.bytes === undefined) {
      throw new InputError(
        `pt: the file is truncated: storage ${storage.key} of ${path} is missing`,
      );
    }
    return decode(`pt: ${path}`, type, storage.bytes, { shape, offset, strides }, this.budget);
  }
}
