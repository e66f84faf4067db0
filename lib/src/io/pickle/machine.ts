/** The stack machine that a pickle drives. */

import { InputError } from "../../core/errors.ts";
import { isBuildable, PyCallable, PyDict, PyList, PyTuple } from "./values.ts";

/** What the names and references of a pickle stand for; each may throw `InputError`. */
export interface PickleHost {
  /** A global name, e.g. `collections.OrderedDict`. */
  global(module: string, name: string): unknown;
  /** A reference to something outside the pickle. */
  persistent(id: unknown): unknown;
  /** Called before `bytes` may be copied; throws when they are too many. */
  spend(bytes: number): void;
}

/** Bytes that a function may copy of a value. */
function copyCost(value: unknown): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  if (value instanceof PyList || value instanceof PyTuple) return 8 * value.items.length;
  return value instanceof PyDict ? 16 * value.entries.size : 0;
}

export class Machine {
  readonly where: string;
  readonly host: PickleHost;
  readonly memo: Map<number, unknown> = new Map();
  stack: unknown[] = [];
  private readonly marked: unknown[][] = [];

  constructor(where: string, host: PickleHost) {
    this.where = where;
    this.host = host;
  }

  fail(what: string): InputError {
    return new InputError(`${this.where}: the pickle is corrupt: ${what}`);
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) throw this.fail("it takes from an empty stack");
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length === 0) throw this.fail("it looks at an empty stack");
    return this.stack[this.stack.length - 1];
  }

  mark(): void {
    this.marked.push(this.stack);
    this.stack = [];
  }

  /** Everything since the last mark. */
  popMark(): unknown[] {
    const outer = this.marked.pop();
    if (outer === undefined) throw this.fail("it has no mark");
    const items = this.stack;
    this.stack = outer;
    return items;
  }

  put(index: number): void {
    this.memo.set(index, this.top());
  }

  get(index: number): void {
    if (!this.memo.has(index)) throw this.fail(`nothing was stored as ${index}`);
    this.push(this.memo.get(index));
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.fail("a name is no text");
    this.push(this.host.global(module, name));
  }

  /** Call a function of the host with a tuple of arguments. */
  call(callee: unknown, args: unknown): void {
    if (!(callee instanceof PyCallable)) throw this.fail("it calls what is not a function");
    if (!(args instanceof PyTuple)) throw this.fail(`the arguments of ${callee.name} are no tuple`);
    this.charge(args);
    this.push(callee.call(args.items));
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!(list instanceof PyList)) throw this.fail("it appends to what is not a list");
    for (const item of items) list.items.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof PyDict)) throw this.fail("it sets an item of what is not a dict");
    if (items.length % 2 !== 0) throw this.fail("a key has no value");
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i], items[i + 1]);
  }

  /** Attributes of dicts (such as the `_metadata` of a state dict) are left out. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof PyDict) return;
    if (!isBuildable(target)) throw this.fail("it sets the state of what has none");
    this.charge(state);
    target.setState(state);
  }

  /** A few bytes of file can ask for the same copy again and again. */
  private charge(args: unknown): void {
    const items = args instanceof PyTuple ? args.items : [];
    this.host.spend(items.reduce((sum: number, item) => sum + copyCost(item), 64));
  }
}
