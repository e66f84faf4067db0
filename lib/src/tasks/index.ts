/** Tasks: examples with labels, made from parameters. */

import "../core/runtime.ts";
import * as all from "./all.ts";
import type { Task } from "./task.ts";

/** Every task by its exported name. */
export const tasks = all satisfies { readonly [name: string]: Task<unknown> };
/** The exported name of a task. */
export type TaskName = keyof typeof tasks;

export {
  type AdditionParams,
  addition,
  additionToken,
  answerPositions,
  casesOfDigits,
  casesOfQuestions,
  type DigitCase,
  digitCases,
  drawAdditions,
  longestCascades,
  perQuestion,
  questions,
  type SumColumns,
  sumColumns,
} from "./addition/index.ts";
export {
  type FromExamplesOptions,
  type ListedExamples,
  taskFromExamples,
} from "./from-examples.ts";
export {
  type GroupCompositionParams,
  groupComposition,
  groupName,
} from "./group-composition/index.ts";
export {
  beginToken,
  drawInduction,
  type InductionExamples,
  type InductionLayout,
  type InductionParams,
  induction,
  inductionToken,
  sequenceLength,
} from "./induction/index.ts";
export { forcedSplit, type MaxOfNParams, maxOfN, randomSequences } from "./max-of-n/index.ts";
export { type ModularArithmeticParams, modularArithmetic } from "./modular-arithmetic/index.ts";
export {
  answerOf,
  answerPairs,
  drawSkipTrigrams,
  isSignal,
  type SkipTrigramParams,
  selectRows,
  skipTrigram,
  skipTrigramTokens,
} from "./skip-trigram/index.ts";
export { splitExamples } from "./split.ts";
export type { Examples, Split, Task, Vocabulary } from "./task.ts";
