/** `compile(fn)`: trace a function of Tensors, simplify it, and give it to a back end. */

import type { Tree } from "../arrays/index.ts";
import { flatten, isSpec, trace } from "../arrays/internal.ts";
import { InputError, ShapeError } from "../core/errors.ts";
import type { NdArray, Spec } from "../core/nd.ts";
import { checkOptions } from "../core/options.ts";
import type { Backend, CompileOptions, Value } from "./backend.ts";
import { readJaxpr } from "./jaxpr.ts";
import type { Program } from "./program.ts";
import { simplify } from "./simplify.ts";

/** The back end to compile for, with its options. */
export interface CompileSettings extends CompileOptions {
  readonly backend: Backend;
}

/** What `compile` gives: run it as often as you like, then release it. */
export interface Compiled {
  readonly program: Program;
  /** Threads the back end uses. */
  readonly threads: number;
  /**
   * Run once on trees shaped like the specs. Arrays are uploaded for this run only; values stay
   * valid. The results belong to the caller. Throws `ShapeError` or `InputError` for arguments that
   * differ from the specs.
   */
  run(...args: readonly Tree<Value | NdArray>[]): Promise<Tree<Value>>;
  release(): Promise<void>;
}

/**
 * Compile `fn`, a function of trees of Tensors that returns a tree of Tensors, for arguments of the
 * shapes and dtypes in `specs`. Arrays that `fn` captures become constants of the program.
 */
export async function compile(
  // biome-ignore lint/suspicious/noExplicitAny: the trees of arguments are the caller's own types
  fn: (...args: any[]) => unknown,
  specs: readonly Tree<Spec>[],
  given: CompileSettings,
): Promise<Compiled> {
  checkOptions("compile", given, { backend: true, threads: true });
  const { backend, ...options } = given;
  const { program, rebuild } = traceProgram(fn, specs);
  const executable = await backend.compile(program, options);
  return {
    program,
    threads: executable.threads,
    async run(...args) {
      const leaves = checkedLeaves(args, specs, program.inputs);
      const uploaded: Value[] = [];
      const values = leaves.map((leaf) => {
        if (isValue(leaf)) return leaf;
        const value = backend.upload(leaf);
        uploaded.push(value);
        return value;
      });
      try {
        return rebuild(await executable.run(values)) as Tree<Value>;
      } finally {
        for (const value of uploaded) value.dispose();
      }
    },
    release: () => executable.release(),
  };
}

/** The program of `fn` without a back end: for `toOnnx`, `flops` and `describeProgram`. */
export function traceProgram(
  // biome-ignore lint/suspicious/noExplicitAny: the trees of arguments are the caller's own types
  fn: (...args: any[]) => unknown,
  specs: readonly Tree<Spec>[],
): { readonly program: Program; rebuild(outputs: readonly unknown[]): unknown } {
  const { jaxpr, rebuild } = trace(fn, specs);
  try {
    return { program: simplify(readJaxpr(jaxpr)), rebuild };
  } finally {
    jaxpr.dispose();
  }
}

function isValue(leaf: Value | NdArray): leaf is Value {
  return "read" in leaf;
}

/** The structure of a tree with a star for each leaf. */
function structureOf(tree: unknown): string {
  const { leaves, rebuild } = flatten(tree, isSpec);
  return JSON.stringify(rebuild(leaves.map(() => "*"))).replaceAll('"', "");
}

function checkedLeaves(
  args: readonly Tree<Value | NdArray>[],
  specs: readonly Tree<Spec>[],
  expected: readonly Spec[],
): readonly (Value | NdArray)[] {
  const leaves = flatten(args, isSpec).leaves as readonly (Value | NdArray)[];
  const [wanted, got] = [specs, args].map(structureOf);
  if (wanted !== got) throw new InputError(`run: expected arguments ${wanted}, got ${got}`);
  for (const [i, { dtype, shape }] of leaves.entries()) {
    const spec = expected[i] as Spec;
    if (dtype !== spec.dtype) {
      throw new InputError(`run: argument ${i} must be ${spec.dtype}, got ${dtype}`);
    }
    if (shape.join() !== spec.shape.join()) {
      throw new ShapeError(`run: argument ${i}`, spec.shape, shape);
    }
  }
  return leaves;
}
