/** What all labs share: opening models, running readings on them, remembering what was measured. */

import type { Backend } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { decodeJson, encodeJson } from "../io/index.ts";
import { createModel, type Model, Readings, type WeightArrays } from "../models/index.ts";
import { sha256 } from "./address.ts";
import { inMemory, type Memory } from "./memory.ts";
import type { Snapshot, Subject } from "./study.ts";

/** A model to be opened: what it is, and where its weights come from. */
export interface ModelSource {
  /** Unique among everything that is ever measured: the address of its training and the step, say. */
  readonly id: string;
  readonly step: number | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a model of any kind; see `AnyModel`
  readonly model: Model<any>;
  readonly config: Readonly<Record<string, unknown>>;
  /** Bytes of the published file that it is from. */
  readonly file?: Uint8Array;
  weights(): Promise<WeightArrays>;
}

/** Options of `Instruments`. */
export interface InstrumentOptions {
  /** Where measurements are remembered; default: as long as the program runs. */
  readonly memory?: Memory;
  /** Version of what measures: when it differs, everything is measured again. */
  readonly version?: string;
  /** Told what is measured, and of a long measurement how far it is: a short line. */
  readonly onMeasure?: (name: string, step: number | undefined) => void;
  /** Checked before each measurement; an aborted one throws its reason. */
  readonly signal?: AbortSignal;
}

/** Models open at a time; the others are read again when they are needed. */
const openLimit = 2;

/** Values of measurements kept decoded, the most recently used. */
const valueLimit = 256;

interface Opened {
  readonly subject: Promise<Subject>;
  users: number;
}

/** Opens models, runs readings, and remembers measurements. */
export class Instruments {
  readonly #backend: () => Promise<Backend>;
  #readings: Readings | undefined;
  readonly #options: InstrumentOptions;
  readonly #memory: Memory;
  /** In order of last use. */
  readonly #open = new Map<string, Opened>();
  readonly #values = new Map<string, Promise<unknown>>();
  /** The text of the function that each key was used for. */
  readonly #texts = new Map<string, string>();

  /** `backend` is opened when something has to be measured, and not before. */
  constructor(backend: () => Promise<Backend>, options: InstrumentOptions = {}) {
    checkOptions("Instruments", options, {
      memory: true,
      version: true,
      onMeasure: true,
      signal: true,
    });
    this.#backend = once(backend);
    this.#options = options;
    this.#memory = options.memory ?? inMemory();
  }

  /** The back end; opened now if it was not before. */
  backend(): Promise<Backend> {
    return this.#backend();
  }

  /** A snapshot of the model that `source` describes. */
  snapshot(source: ModelSource): Snapshot {
    return {
      config: source.config,
      step: source.step,
      measure: (f, ...args) => this.#measure(source, f, args),
    };
  }

  /** Use an open model; it is freed when others are open and nobody uses it. */
  async withSubject<T>(source: ModelSource, use: (subject: Subject) => T | Promise<T>): Promise<T> {
    const opened = this.#open.get(source.id) ?? { subject: this.#subject(source), users: 0 };
    this.#open.delete(source.id);
    this.#open.set(source.id, opened);
    opened.users += 1;
    try {
      return await use(await opened.subject);
    } catch (error) {
      this.#open.delete(source.id);
      throw error;
    } finally {
      opened.users -= 1;
      await this.#close(openLimit);
    }
  }

  /** Free every model and compiled reading. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close(0);
    await this.#readings?.[Symbol.asyncDispose]();
  }

  async #measure<A extends readonly unknown[], T>(
    source: ModelSource,
    f: (subject: Subject, ...args: A) => T | Promise<T>,
    args: A,
  ): Promise<T> {
    if (f.name === "") throw new InputError("measure: the function needs a name, as the key");
    const { version = "" } = this.#options;
    const key = await sha256(encodeJson([source.id, f.name, version, args]));
    this.#requireSame(key, f);
    const kept = this.#values.get(key);
    const value = kept ?? this.#remembered(key, source, (subject) => f(subject, ...args), f.name);
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= valueLimit) break;
      this.#values.delete(oldest);
    }
    try {
      return (await value) as T;
    } catch (error) {
      this.#values.delete(key);
      throw error;
    }
  }

  /** Two functions of one name would be taken for each other. */
  #requireSame(key: string, f: { readonly name: string }): void {
    const text = String(f);
    const before = this.#texts.get(key) ?? text;
    this.#texts.set(key, text);
    if (before === text) return;
    throw new InputError(
      `measure: two functions are called ${f.name}, and results are remembered by the name; rename one`,
    );
  }

  async #remembered(
    key: string,
    source: ModelSource,
    f: (subject: Subject) => unknown,
    name: string,
  ): Promise<unknown> {
    const known = await this.#memory.read(key);
    if (known !== undefined) return decodeJson(known);
    const { signal, onMeasure = () => {} } = this.#options;
    const progress = (done: string): void => {
      signal?.throwIfAborted();
      onMeasure(`${name}, ${done}`, source.step);
    };
    signal?.throwIfAborted();
    onMeasure(name, source.step);
    const text = encodeJson(
      await this.withSubject(source, (subject) => f({ ...subject, progress })),
    );
    await this.#memory.write(key, text);
    return decodeJson(text);
  }

  async #subject({ model, config, file, weights }: ModelSource): Promise<Subject> {
    const backend = await this.#backend();
    const arrays = await weights();
    this.#readings ??= new Readings(backend);
    const readings = this.#readings;
    const opened = await createModel(model, config, { weights: arrays });
    return {
      model: opened,
      weights: arrays,
      backend,
      ...(file && { file }),
      progress: () => {},
      run: (reading, ...inputs) => readings.run(reading, opened, arrays, ...inputs),
    };
  }

  async #close(limit: number): Promise<void> {
    for (const [id, { subject, users }] of this.#open) {
      if (this.#open.size <= limit) return;
      if (users > 0) continue;
      this.#open.delete(id);
      const { model } = await subject;
      for (const weight of Object.values(model.weights)) weight.dispose();
    }
  }
}

/** `make`, called once at most. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
