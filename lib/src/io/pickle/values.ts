/** What a pickle builds before it becomes plain data. */

/** A Python tuple. */
export class PyTuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A Python list or set, in order. */
export class PyList {
  readonly items: unknown[];
  constructor(items: unknown[] = []) {
    this.items = items;
  }
}

/** A Python dict, in order. */
export class PyDict {
  readonly entries: Map<unknown, unknown> = new Map();
}

/**
 * A function or class that a pickle may call. It is one of this library's own functions: nothing
 * that a file names is ever run.
 */
export class PyCallable {
  readonly name: string;
  readonly call: (args: readonly unknown[]) => unknown;
  constructor(name: string, call: (args: readonly unknown[]) => unknown) {
    this.name = name;
    this.call = call;
  }
}

/** A name that a pickle may mention and that stands for itself, e.g. `torch.Tensor`. */
export class PyName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** An object that takes a state after it was made (the BUILD opcode). */
export interface Buildable {
  setState(state: unknown): void;
}

export function isBuildable(value: unknown): value is Buildable {
  return typeof value === "object" && value !== null && "setState" in value;
}
