/** Addresses of trainings: a hash of everything that decides their bytes. */

import { encodeJson } from "../io/index.ts";
import * as models from "../models/all.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { ExampleStream, Measures } from "../train/index.ts";
import type { AnyPlan } from "./study.ts";

/**
 * Version of what computes a training: raised by hand when the bytes of a training change, so that old
 * ones are not taken for new. A golden of a tiny training of each kind fails when it was forgotten.
 */
export const trainingVersion = 1;

/**
 * The address of a training: hexadecimal, the same for the same bytes at the same step. How long it
 * goes on and how often it logs and saves is left out, since no byte depends on it;
 * the number of steps counts only where the schedule depends on it.
 */
export function trainingAddress(plan: AnyPlan): Promise<string> {
  const known = addresses.get(plan) ?? addressOf(plan);
  addresses.set(plan, known);
  return known;
}

/** Plans do not change; their weights and examples take a while to hash. */
const addresses = new WeakMap<AnyPlan, Promise<string>>();

async function addressOf(plan: AnyPlan): Promise<string> {
  const { model, schedule, steps, columns, stream, passOrder } = plan;
  const { config, initial, split, batchSize, batchSeed, measures } = plan;
  const { optimizer, lossPrecision, float64Steps, frozen } = plan;
  return sha256(
    encodeJson(
      withoutAbsent({
        trainingVersion,
        ...{ model: modelTold(model), config, initial, split, batchSize, batchSeed },
        measures: measures && { ...measures, test: testTold(measures.test) },
        ...{ optimizer, schedule, lossPrecision, float64Steps, frozen },
        columns: columns === undefined ? undefined : String(columns),
        stream: stream && told(stream),
        passOrder: passOrder && passesTold(passOrder),
        steps: schedule.name === "cosine" ? steps : undefined,
      }),
    ),
  );
}

/** A model of tinylens is told by its name; one of a study's own by the text of its functions, too. */
function modelTold(model: AnyPlan["model"]): unknown {
  const { name } = model;
  if ((Object.values(models) as unknown[]).includes(model)) return name;
  const functions = Object.entries(model).filter(([, field]) => typeof field === "function");
  return [name, Object.fromEntries(functions.map(([field, f]) => [field, String(f)] as const))];
}

/** Examples by which a stream is told: so many that another rule for labels of two kinds shows in one. */
const drawnExamples = 64;

/** A stream is told by where it begins and what it draws: source text differs between builds. */
function told({ params, generator, draw }: ExampleStream): unknown {
  const drawn = draw(params, new TorchGenerator(0), drawnExamples);
  return { params, generator: [...generator], draw: drawn };
}

/** Two passes, since one may draw more than its order says. */
function passesTold(passOrder: NonNullable<AnyPlan["passOrder"]>): readonly number[] {
  const generator = new TorchGenerator(0);
  return [...passOrder(generator, 12), ...passOrder(generator, 12)];
}

/** What the test columns of a row are about. */
function testTold(test: Measures["test"]): unknown {
  return typeof test === "string" ? test : { ...test, stream: told(test.stream) };
}

/** Absent fields left out, at every depth. */
function withoutAbsent(value: unknown): unknown {
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(withoutAbsent);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutAbsent(item)] as const));
}

/** SHA-256 of a text or of bytes, in hexadecimal. */
export async function sha256(data: string | Uint8Array): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
