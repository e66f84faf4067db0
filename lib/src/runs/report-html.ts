/** The report of a study as HTML: its own sections, and what was run. */

import type { Claim } from "../core/claim.ts";
import { type ParamFact, type ReportSection, renderReport } from "../report/index.ts";
import { plotlyBundle } from "../report/node/index.ts";
import type { Study } from "../studies/study.ts";
import type { RunRecord } from "./record.ts";
import { changedParams, fieldMeta, paramFields } from "./schema.ts";
import { shellQuote } from "./shell-quote.ts";

/**
 * The page. The first paragraph of the study's first section is its summary; a section that is
 * empty without it is left out.
 */
export function reportHtml<P, R>(
  study: Study<P, R>,
  params: P,
  results: R,
  claims: readonly Claim[],
  record: RunRecord,
): string {
  const [first, ...others] = study.report(params, results);
  const [summary = study.title, ...prose] = first?.prose ?? [];
  const lead: ReportSection[] = first === undefined ? [] : [{ ...first, prose }];
  const kept = lead.filter((section) => prose.length > 0 || section.figures.length > 0);
  const { seed } = record.params;
  const input = {
    title: study.title,
    summary,
    study: study.name,
    source: study.source,
    run: {
      params: paramFacts(study, record.params),
      ...(typeof seed === "number" ? { seed } : {}),
      device: record.device,
      threads: record.threads,
      versions: record.versions,
      seconds: record.seconds,
      date: record.started,
    },
    claims,
    sections: [...kept, ...others],
    command: commandOf(study, record),
  };
  bundle ??= plotlyBundle();
  return renderReport(input, bundle);
}

/** The Plotly bundle, read and compressed once in a process. */
let bundle: Uint8Array | undefined;

function paramFacts<P, R>(study: Study<P, R>, params: RunRecord["params"]): ParamFact[] {
  const fields = paramFields(study);
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

function commandOf<P, R>(study: Study<P, R>, { params, device, checkpoint }: RunRecord): string {
  const begin =
    checkpoint === undefined
      ? `npx tinylens run ${study.name}`
      : `npx tinylens analyse ${study.name} --checkpoint ${shellQuote(asPath(checkpoint.file))}`;
  const sets = changedParams(study, params).map(
    ([name, text]) => `--set ${shellQuote(`${name}=${text}`)}`,
  );
  const where = device === "native" ? [] : [`--device ${shellQuote(device)}`];
  return [begin, ...sets, ...where].join(" ");
}
