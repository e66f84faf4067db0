/** The stack machine that a pickle drives. */

import { InputError } from "../../core/errors.ts";
import { isBuildable, Opaque, PyCallable, PyDict, PyList, PyTuple } from "./values.ts";

/** What the names and references of a pickle stand for. Either may be `Opaque`. */
export interface PickleHost {
  /** A global name, e.g. `collections.OrderedDict`. */
  global(module: string, name: string): unknown;
  /** A reference to something outside the pickle. */
  persistent(id: unknown): unknown;
  /** Called before `bytes` of memory may be taken; throws `InputError` when they are too many. */
  spend(bytes: number): void;
}

/**
 * Upper bounds in bytes of what an opcode takes, since one byte of a file can ask for any of these:
 * an item on the stack (and later in a container), a list or dict or tuple, a mark, an entry of the memo, a call.
 */
const ITEM = 24;
const CONTAINER = 96;
const MARK = 96;
const MEMO = 80;
const CALL = 256;
/** Less than a `Map` can hold. */
const LARGEST_MEMO = 2 ** 24 - 1;

const EMPTY = new PyTuple([]);

/** Bytes that a function may copy of a value. */
function copyCost(value: unknown): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  if (value instanceof PyList || value instanceof PyTuple) return 8 * value.items.length;
  return value instanceof PyDict ? 8 * value.pairs.length : 0;
}

export class Machine {
  readonly where: string;
  private readonly host: PickleHost;
  private readonly memo = new Map<number, unknown>();
  private stack: unknown[] = [];
  private readonly marked: unknown[][] = [];

  constructor(where: string, host: PickleHost) {
    this.where = where;
    this.host = host;
  }

  fail(what: string): InputError {
    return new InputError(`${this.where}: the pickle is corrupt: ${what}`);
  }

  push(value: unknown): void {
    this.host.spend(ITEM);
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
    this.host.spend(MARK);
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

  /** POP takes a mark when nothing lies above it. */
  discard(): void {
    if (this.stack.length === 0 && this.marked.length > 0) this.popMark();
    else this.pop();
  }

  list(items?: unknown[]): void {
    this.host.spend(CONTAINER);
    this.push(new PyList(items));
  }

  dict(items: readonly unknown[] = []): void {
    this.host.spend(CONTAINER);
    this.push(new PyDict());
    this.setItems(items);
  }

  tuple(items: readonly unknown[]): void {
    if (items.length > 0) this.host.spend(CONTAINER);
    this.push(items.length > 0 ? new PyTuple(items) : EMPTY);
  }

  /** A tuple of the last `count` items. */
  tupleOf(count: number): void {
    const items = Array.from({ length: count }, () => this.pop());
    this.tuple(items.reverse());
  }

  /** Store the top of the stack under a number, by default the next one. */
  put(index: number = this.memo.size): void {
    this.host.spend(MEMO);
    this.memo.set(index, this.top());
    if (this.memo.size >= LARGEST_MEMO) {
      throw new InputError(`${this.where}: the pickle stores more than ${LARGEST_MEMO} values`);
    }
  }

  get(index: number): void {
    if (!this.memo.has(index)) throw this.fail(`nothing was stored as ${index}`);
    this.push(this.memo.get(index));
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.fail("a name is not text");
    }
    this.push(this.host.global(module, name));
  }

  persistent(id: unknown): void {
    this.host.spend(CALL);
    this.push(this.attempt([], () => this.host.persistent(id)));
  }

  /** Call a function of the host with a tuple of arguments and, maybe, a dict of named ones. */
  call(callee: unknown, args: unknown, named?: unknown): void {
    if (!(args instanceof PyTuple)) throw this.fail("the arguments of a call are not a tuple");
    if (named !== undefined && !(named instanceof PyDict)) {
      throw this.fail("the named arguments of a call are not a dict");
    }
    this.charge(args);
    if (callee instanceof Opaque) this.push(callee);
    else if (!(callee instanceof PyCallable)) throw this.fail("it calls what is not a function");
    else if (named !== undefined && named.pairs.length > 0) {
      this.push(new Opaque(`is made by ${callee.name} with named arguments, none are known`));
    } else this.push(this.attempt(args.items, () => callee.call(args.items)));
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (list instanceof Opaque) return;
    if (!(list instanceof PyList)) throw this.fail("it appends to what is not a list");
    for (const item of items) list.items.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (items.length % 2 !== 0) throw this.fail("a key has no value");
    if (dict instanceof Opaque) return;
    if (!(dict instanceof PyDict)) throw this.fail("it sets an item of what is not a dict");
    for (const item of items) dict.pairs.push(item);
  }

  /** Attributes of dicts and lists (such as the `_metadata` of a state dict) are left out. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    this.charge(state);
    if (isBuildable(target)) {
      const parts = state instanceof PyTuple ? state.items : [state];
      const made = this.attempt(parts, () => target.setState(state));
      if (made instanceof Opaque) target.failed = made;
    } else if (
      !(target instanceof Opaque || target instanceof PyDict || target instanceof PyList)
    ) {
      throw this.fail("it sets the state of what has none");
    }
  }

  /** The result, or what stands for it: the first opaque argument, else the reason of the refusal. */
  private attempt(args: readonly unknown[], run: () => unknown): unknown {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Opaque)) throw error;
      return args.find((arg) => arg instanceof Opaque) ?? error;
    }
  }

  /** A few bytes of file can ask for the same copy again and again. */
  private charge(args: unknown): void {
    const items = args instanceof PyTuple ? args.items : [args];
    this.host.spend(items.reduce((sum: number, item) => sum + copyCost(item), CALL));
  }
}
