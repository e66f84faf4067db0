/** Properties whose values are made when they are first asked for. */

import type { Spec } from "../../core/nd.ts";
import type { PtValue } from "./value.ts";

/** A value to be made: an array, or one that is refused when it is asked for. */
export class Deferred {
  /** What the array will look like; undefined for a value that is refused. */
  readonly spec: Spec | undefined;
  /** Gives the value or throws `InputError`. */
  readonly value: () => PtValue;

  constructor(spec: Spec | undefined, value: () => PtValue) {
    this.spec = spec;
    this.value = value;
  }
}

/** Where the accessors of deferred properties come from. */
const accessors = new WeakMap<object, Deferred>();

/** Called by Node's `console.log`. */
const inspected = Symbol.for("nodejs.util.inspect.custom");

/** Make a property of a list or an object deferred; once made, its value stays. */
export function defer(holder: object, key: string | number, deferred: Deferred): void {
  const get = (): PtValue => {
    const value = deferred.value();
    Object.defineProperty(holder, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
    return value;
  };
  accessors.set(get, deferred);
  Object.defineProperty(holder, key, { get, configurable: true, enumerable: true });
  if (!Object.hasOwn(holder, inspected)) {
    Object.defineProperty(holder, inspected, { value: inspect, configurable: true });
  }
}

/** The deferred value of a property; undefined when there is none or it has been made. */
export function deferredAt(holder: object, key: string): Deferred | undefined {
  const get = Object.getOwnPropertyDescriptor(holder, key)?.get;
  return get === undefined ? undefined : accessors.get(get);
}

/** The same list or object with a few words for each value that has not been made. */
function inspect(
  this: object,
  _depth: number,
  options: object,
  nodeInspect: (value: unknown, options: object) => string,
): string {
  const entries = Object.keys(this).map((key): [string, unknown] => {
    const deferred = deferredAt(this, key);
    return [key, deferred === undefined ? Reflect.get(this, key) : words(deferred)];
  });
  const shown = Array.isArray(this)
    ? entries.map(([, value]) => value)
    : Object.fromEntries(entries);
  return nodeInspect(shown, options);
}

function words({ spec }: Deferred): object {
  const text = spec === undefined ? "<cannot be read>" : `${spec.dtype} [${spec.shape}]`;
  return { [inspected]: () => text };
}
