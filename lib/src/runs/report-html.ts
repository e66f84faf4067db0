/** The report of a study as HTML: its article, and what was run. */

import type { z } from "zod";
import { changedFields, fieldMeta, fieldsOf } from "../core/params.ts";
import { type ParamFact, type ReportInput, renderReport } from "../report/index.ts";
import { plotlyBundle } from "../report/node/index.ts";
import type { RunRecord } from "./record.ts";
import { shellQuote } from "./shell-quote.ts";

/** A study, as far as its parameters go. */
interface WithParams {
  readonly name: string;
  readonly params: z.ZodType;
}

/** What stands on the page. */
type Content = Pick<ReportInput, "summary" | "source" | "claims" | "sections"> & {
  /** What is looked at, as `--view` takes it. */
  readonly views?: readonly (readonly [string, string])[];
};

/** The page with what was run and how to run it again. */
export function pageHtml(
  study: WithParams & { readonly title: string },
  record: RunRecord,
  content: Content,
): string {
  const { views = [], ...page } = content;
  const params = knownParams(record);
  const { seed } = params;
  const input = {
    ...page,
    title: study.title,
    study: study.name,
    run: {
      params: paramFacts(study, params),
      ...(typeof seed === "number" ? { seed } : {}),
      device: record.device,
      threads: record.threads,
      versions: record.versions,
      seconds: record.seconds,
      date: record.started,
    },
    command: commandOf(study, record, params, views),
  };
  bundle ??= plotlyBundle();
  return renderReport(input, bundle);
}

/** The Plotly bundle, read and compressed once in a process. */
let bundle: Uint8Array | undefined;

function paramFacts(study: WithParams, params: RunRecord["params"]): ParamFact[] {
  const fields = fieldsOf(study.params);
  return Object.entries(params).map(([name, value]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const { description = "", unit } = field === undefined ? {} : fieldMeta(field);
    const fact = { name, value: value as ParamFact["value"], meaning: description };
    return unit === undefined ? fact : { ...fact, unit };
  });
}

/** A file whose name begins with a dash would be taken for an option. */
function asPath(file: string): string {
  return file.startsWith("-") ? `./${file}` : file;
}

/** The parameters of a run; of an analyzed file only those that were given or that it tells. */
function knownParams({ params, checkpoint }: RunRecord): RunRecord["params"] {
  const known = checkpoint?.known;
  if (known === undefined) return params;
  return Object.fromEntries(Object.entries(params).filter(([name]) => known.includes(name)));
}

/** The flags that say where in the file the weights are. */
function weightsIn({ key, stripPrefix }: NonNullable<RunRecord["checkpoint"]>): string {
  const flags = Object.entries({ "--key": key, "--strip-prefix": stripPrefix });
  return flags
    .flatMap(([flag, text]) => (text === undefined ? [] : [` ${flag}=${shellQuote(text)}`]))
    .join("");
}

function commandOf(
  study: WithParams,
  { device, checkpoint, file }: RunRecord,
  params: RunRecord["params"],
  views: readonly (readonly [string, string])[],
): string {
  const named = file === undefined ? study.name : shellQuote(asPath(file));
  const begin =
    checkpoint === undefined
      ? `npx tinylens run ${named}`
      : `npx tinylens analyze ${named} --checkpoint ${shellQuote(asPath(checkpoint.file))}${weightsIn(checkpoint)}`;
  const sets = changedFields(study.params, params).map(
    ([name, text]) => `--set ${shellQuote(`${name}=${text}`)}`,
  );
  const where = device === "native" ? [] : [`--device ${shellQuote(device)}`];
  const looked = views.map(([name, text]) => `--view ${shellQuote(`${name}=${text}`)}`);
  return [begin, ...sets, ...looked, ...where].join(" ");
}
