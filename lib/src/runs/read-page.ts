/** From a lab to a page: read a study's article, and write it as HTML. */

import { join } from "node:path";
import { type Page, readArticle } from "../article/index.ts";
import type { Backend, BackendName } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import type { OptionNames } from "../core/options.ts";
import { changedFields, valuesOf } from "../core/params.ts";
import { Instruments, type Lab, labOf, type Study, trainingOf } from "../lab/index.ts";
import { sha256 } from "./canonical.ts";
import { type Opener, readTextIfThere, writeWhole } from "./disk.ts";
import { folderMemory, measurementVersion } from "./measurements.ts";
import type { RunRecord } from "./record.ts";
import { pageHtml } from "./report-html.ts";
import type { RunOptions } from "./run-options.ts";
import type { Trainings } from "./training-folder.ts";

/** A study with checked parameters and what to look at. */
export interface Asked {
  readonly study: Study;
  readonly params: unknown;
  readonly view: unknown;
  /** Path of the file that a study of one's own is in, as it was given. */
  readonly file?: string;
}

/** The names of `Asked`. */
export const askedNames: OptionNames<Asked> = { study: true, params: true, view: true, file: true };

/** The same, with defaults. Throws `InputError` for parameters and views that the study does not take. */
export function checkedAsked({ study, params, view, ...others }: Asked): Asked {
  const of = (schema: Study["params"], values: unknown) =>
    valuesOf(study.name, schema, new Map(), values as Readonly<Record<string, unknown>>);
  return { ...others, study, params: of(study.params, params), view: of(study.view, view) };
}

/** Opens a device when something has to be computed. */
export type OpenBackend = (device: BackendName | undefined) => Promise<Backend>;

/** What reading an article needs. */
export interface Reading
  extends Pick<RunOptions, "signal" | "onProgress" | "published" | "opener"> {
  readonly device: BackendName | undefined;
  readonly backend: OpenBackend;
  /** Folder of the run, where measurements are remembered. */
  readonly folder: string;
  /** Whether new measurements are written there. */
  readonly write: boolean;
  /** What models do not say that numbers depend on: the device, where it is not that of the training. */
  readonly measuredOn?: string | undefined;
}

/** Read the article of a study asked of the lab that `open` makes; undefined when the signal ended it. */
export async function readPage(
  { study, params, view }: Asked,
  reading: Reading,
  open: (instruments: Instruments) => Lab | Promise<Lab>,
): Promise<Page | undefined> {
  const { device, backend, folder, write, opener, signal, onProgress = () => {} } = reading;
  const version = await measurementVersion(study);
  await using instruments = new Instruments(() => backend(device), {
    memory: folderMemory(folder, write, opener),
    version: reading.measuredOn === undefined ? version : `${version} ${reading.measuredOn}`,
    onMeasure: (name, step) => {
      const where = step === undefined ? "" : ` at step ${step}`;
      onProgress({ kind: "message", text: `measuring ${name}${where}` });
    },
    ...(signal && { signal }),
  });
  try {
    return await readArticle(study.article(params, await open(instruments), view));
  } catch (error) {
    if (signal?.aborted === true) return undefined;
    throw error;
  }
}

/** A lab whose trainings are in folders. */
export function folderLab(
  { study, params }: Asked,
  trainings: Trainings,
  published: Reading["published"],
): (instruments: Instruments) => Lab {
  return (instruments) =>
    labOf(
      study,
      params,
      instruments,
      async (plan, name) => {
        const held = trainings.get(name)?.held;
        if (held === undefined) throw new InputError(`${study.name}: ${name} is not trained`);
        return trainingOf(instruments, plan, held);
      },
      published,
    );
}

/** Longest part of a file's name that says what is looked at. */
const longestLook = 200;

/** Path of a report: views have their own. */
export function pagePath(folder: string, { study, view }: Asked): string {
  const looked = viewTexts({ study, view }).map(([name, text]) => `-${name}=${text}`);
  const whole = looked.join("");
  const name = whole.replace(/[^\w.,+=-]/g, "_").slice(0, longestLook);
  // Two views that are written the same in a name have two pages.
  const apart = name === whole ? "" : `-${sha256(whole).slice(0, 8)}`;
  return join(folder, `report${name}${apart}.html`);
}

/** What is looked at, as `--view` takes it. */
function viewTexts({ study, view }: Pick<Asked, "study" | "view">) {
  return changedFields(study.view, view as Readonly<Record<string, unknown>>);
}

export function htmlOf({ study, view }: Asked, page: Page, record: RunRecord): string {
  const { summary, claims, sections } = page;
  const [source = { paper: study.title }] = study.sources;
  return pageHtml(study, record, {
    ...{ summary, source, claims, sections },
    views: viewTexts({ study, view }),
  });
}

/** A report that cannot be written does not keep a finished run from being shown. */
export async function writeIfChanged(path: string, html: string, opener?: Opener): Promise<void> {
  if ((await readTextIfThere(path)) === html) return;
  await writeWhole(path, html, opener).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error;
  });
}
