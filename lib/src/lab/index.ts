/** Labs: where a study's trainings and measurements come from. */

import "../core/runtime.ts";

export { sha256, trainingAddress, trainingVersion } from "./address.ts";
export {
  type Curves,
  curvesOf,
  curvesUpTo,
  firstStep,
  lastOf,
  type Quantity,
  valueAt,
} from "./curves.ts";
export { defineStudy, type StudyInput } from "./define.ts";
export { type InstrumentOptions, Instruments, type ModelSource } from "./instruments.ts";
export {
  type FileLabOptions,
  fileLab,
  type HashedModel,
  labOf,
  memoryLab,
  planNamed,
  type ReadPublished,
  trainInMemory,
} from "./labs.ts";
export { inMemory, type Memory } from "./memory.ts";
export type {
  AnyModel,
  AnyPlan,
  FileFacts,
  Lab,
  PlanSize,
  Snapshot,
  Study,
  Subject,
  Training,
} from "./study.ts";
export { type HeldTraining, trainingOf, upTo } from "./training.ts";
