/** From what a pickle built to plain data. */

import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { printable } from "../../core/text.ts";
import type { Budget } from "../budget.ts";
import { decode, elements } from "../elements.ts";
import { isBuildable, Opaque, PyDict, PyList, PyName, PyTuple } from "../pickle/values.ts";
import { Deferred, defer } from "./deferred.ts";
import { negateAll } from "./negated.ts";
import { NumpyArray, NumpyType } from "./numpy-globals.ts";
import { Storage, TensorRef, TorchType } from "./tensor-ref.ts";
import type { PtValue } from "./value.ts";

const DEEPEST = 200;

export class PlainReader {
  private readonly budget: Budget;
  /** Containers that are done, so that shared ones stay shared; `undefined` marks one being made. */
  private readonly made = new Map<object, PtValue | undefined>();
  /** Arrays that were asked for. */
  private readonly decoded = new Map<TensorRef, NdArray>();

  constructor(budget: Budget) {
    this.budget = budget;
  }

  /** The whole file; arrays and what cannot be given are made when they are asked for. */
  convert(root: unknown): PtValue {
    const value = this.value(root, "", 0);
    return value instanceof Deferred ? value.value() : value;
  }

  /** `path` names the value in messages. */
  private value(value: unknown, path: string, depth: number): PtValue | Deferred {
    switch (typeof value) {
      case "boolean":
      case "number":
      case "bigint":
      case "string":
        return value;
      case "object":
        return value === null ? null : this.object(value, path, depth);
      default:
        return refused(path, "is not data");
    }
  }

  private object(value: object, path: string, depth: number): PtValue | Deferred {
    if (value instanceof PyDict || value instanceof PyList || value instanceof PyTuple) {
      const known = this.made.get(value);
      if (known !== undefined) return known;
      if (this.made.has(value)) return refused(path, "contains itself");
      if (depth > DEEPEST) return refused(path, `is nested more than ${DEEPEST} deep`);
      if (isBuildable(value) && value.failed !== undefined) {
        return refused(path, value.failed.reason);
      }
      this.made.set(value, undefined);
      const plain =
        value instanceof PyDict ? this.dict(value, path, depth) : this.list(value, path, depth);
      this.made.set(value, plain);
      return plain;
    }
    if (value instanceof Uint8Array) return value.slice();
    if (value instanceof PyName || value instanceof TorchType) return value.name;
    if (value instanceof NumpyType) {
      return value.failed === undefined ? value.name : refused(path, value.failed.reason);
    }
    return this.array(value, path);
  }

  private list({ items }: PyList | PyTuple, path: string, depth: number): PtValue {
    const out: PtValue[] = [];
    for (const [i, item] of items.entries()) {
      const simple = typeof item !== "object";
      const value = this.value(item, simple ? path : `${path}[${i}]`, depth + 1);
      out.push(value instanceof Deferred ? null : value);
      if (value instanceof Deferred) defer(out, i, value);
    }
    return out;
  }

  private dict({ pairs }: PyDict, path: string, depth: number): PtValue {
    const keys = new Map<string, unknown>();
    const values = new Map<string, PtValue | Deferred>();
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      const text = keyText(key);
      const name = text ?? `(key ${i / 2})`;
      const inner = below(path, name);
      const other = keys.has(name) && !sameKey(keys.get(name), key);
      keys.set(name, key);
      if (text === undefined) values.set(name, refused(inner, "has a key that is not text"));
      else if (other) values.set(name, refused(inner, "is the text of two different keys"));
      else values.set(name, this.value(pairs[i + 1], inner, depth + 1));
    }
    const out = Object.fromEntries(
      [...values].map(([name, value]) => [name, value instanceof Deferred ? null : value]),
    );
    for (const [name, value] of values) if (value instanceof Deferred) defer(out, name, value);
    return out;
  }

  private array(value: object, path: string): Deferred {
    const ref = value instanceof NumpyArray ? value.given() : storageView(value);
    if (ref instanceof Opaque) return refused(path, ref.reason);
    if (!(ref instanceof TensorRef)) return refused(path, "is not data");
    const spec = { dtype: elements[ref.type].dtype, shape: ref.shape };
    return new Deferred(spec, () => this.decode(ref, path));
  }

  private decode(ref: TensorRef, path: string): NdArray {
    const known = this.decoded.get(ref);
    if (known !== undefined) return known;
    const bytes = ref.storage.bytes();
    if (bytes === undefined) {
      throw new InputError(
        `pt: the file is truncated: storage ${printable(ref.storage.key)} of ${named(path)} is missing`,
      );
    }
    const array = decode(`pt: ${named(path)}`, ref.type, bytes, ref, this.budget);
    if (ref.change !== undefined) negate(array, ref.change, path);
    this.decoded.set(ref, array);
    return array;
  }
}

/** @throws InputError for a number whose negation does not fit. */
function negate({ data }: NdArray, change: (x: number) => number, path: string): void {
  try {
    negateAll(data, change);
  } catch (error) {
    if (error instanceof Opaque) throw new InputError(`pt: ${named(path)} ${error.reason}`);
    throw error;
  }
}

/** A storage by itself is an array with one axis. */
function storageView(value: object): object {
  if (!(value instanceof Storage)) return value;
  const { element, length } = value;
  if (element.refusal !== undefined) return new Opaque(element.refusal);
  return new TensorRef(value, element.type ?? "U8", 0, [length], [1]);
}

function named(path: string): string {
  return path === "" ? "the file" : printable(path, 120);
}

function refused(path: string, reason: string): Deferred {
  return new Deferred(undefined, () => {
    throw new InputError(`pt: ${named(path)} ${reason}`);
  });
}

/** The path of what a dict holds; a path must not become as long as a file asks for. */
function below(path: string, name: string): string {
  const short = name.length > 60 ? printable(name, 60) : name;
  return path === "" ? short : `${path}.${short}`;
}

/** A key as text, of a tuple as Python shows it; undefined for other objects. */
function keyText(key: unknown): string | undefined {
  if (key === null) return "None";
  if (typeof key === "string") return key;
  if (typeof key === "boolean") return key ? "True" : "False";
  if (typeof key === "number" || typeof key === "bigint") return String(key);
  if (!(key instanceof PyTuple) || key.items.length > 16) return undefined;
  const parts = key.items.map((item) => {
    if (item instanceof PyTuple) return undefined;
    return typeof item === "string" ? `'${item}'` : keyText(item);
  });
  return parts.includes(undefined) ? undefined : `(${parts.join(", ")})`;
}

function sameKey(a: unknown, b: unknown): boolean {
  return a === b || (a instanceof PyTuple && b instanceof PyTuple);
}
