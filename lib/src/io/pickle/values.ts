/** What a pickle builds before it becomes plain data. */

/** A Python tuple. */
export class PyTuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A Python list, set or deque, in order. */
export class PyList {
  readonly items: unknown[];
  constructor(items: unknown[] = []) {
    this.items = items;
  }
}

/** A Python dict, or an object that is nothing but its attributes. */
export class PyDict {
  /** Keys and values in turn. A later pair replaces the value of an equal key. */
  readonly pairs: unknown[] = [];

  /** The value under a text; undefined when there is none. */
  get(key: string): unknown {
    for (let i = this.pairs.length - 2; i >= 0; i -= 2) {
      if (this.pairs[i] === key) return this.pairs[i + 1];
    }
    return undefined;
  }

  /** The same pairs in a dict of its own. */
  static copy({ pairs }: PyDict): PyDict {
    const out = new PyDict();
    for (const item of pairs) out.pairs.push(item);
    return out;
  }
}

/** An object that is nothing but the attributes that BUILD gives it, e.g. `argparse.Namespace`. */
export class PyRecord extends PyDict implements Buildable {
  failed: Opaque | undefined;

  setState(state: unknown): void {
    if (!(state instanceof PyDict)) throw new Refusal("is corrupt: its attributes are not a dict");
    for (const item of state.pairs) this.pairs.push(item);
  }
}

/**
 * A value that cannot be given. What is made of it, stored in it or called on it is as opaque. The
 * reason completes a sentence that begins with the name of the value.
 */
export class Opaque {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * Thrown by the functions that a pickle calls when the value cannot be made: it becomes `Opaque`. Not
 * an `Error`, since a file may cause a great many of them.
 */
export class Refusal extends Opaque {}

/**
 * A function or class that a pickle may call. It is one of this library's own functions: nothing
 * that a file names is ever run.
 */
export class PyCallable {
  readonly name: string;
  private readonly counts: readonly [number, number];
  private readonly run: (args: readonly unknown[]) => unknown;

  /** `counts` are the fewest and the most arguments; others are refused, since they mean something. */
  constructor(
    name: string,
    counts: readonly [number, number],
    run: (args: readonly unknown[]) => unknown,
  ) {
    this.name = name;
    this.counts = counts;
    this.run = run;
  }

  call(args: readonly unknown[]): unknown {
    const [fewest, most] = this.counts;
    if (args.length < fewest || args.length > most) {
      const known = fewest === most ? `${most}` : `${fewest} to ${most}`;
      throw new Refusal(
        `is made by ${this.name} with ${args.length} arguments, ${known} are known; it may be of a later PyTorch`,
      );
    }
    return this.run(args);
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
  /** Why the state could not be set, if it could not: the value is as good as this. */
  failed: Opaque | undefined;
  setState(state: unknown): void;
}

export function isBuildable(value: unknown): value is Buildable {
  return typeof value === "object" && value !== null && "setState" in value;
}
