/** The end of the article: how to make it again, with which parameters, on what. */

import { escapeHtml } from "./escape.ts";
import type { ParamFact, ReportInput, RunFacts } from "./report.ts";
import { dateText, durationText, numberHtml, valueHtml } from "./values.ts";

/** The line of facts under the title. */
export function bylineHtml({ run, study }: ReportInput, sourceLink: string): string {
  const facts: readonly (readonly [string, string])[] = [
    ["Study", `<code>${escapeHtml(study)}</code>`],
    ["Reproduces", sourceLink],
    ["Run", escapeHtml(dateText(run.date))],
    ["Took", durationText(run.seconds)],
    ["On", deviceText(run)],
  ];
  return `<dl class="byline">${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>`;
}

/** The sections "How to reproduce" and "The run". */
export function runHtml({ run, command }: ReportInput): string {
  const facts: readonly (readonly [string, string])[] = [
    ...(run.seed === undefined ? [] : [["Seed", numberHtml(run.seed)] as const]),
    ["Device", deviceText(run)],
    ["Duration", durationText(run.seconds)],
    ["Date", `<time datetime="${escapeHtml(run.date)}">${escapeHtml(run.date)}</time>`],
    ...Object.entries(run.versions).map(
      ([name, version]) => [escapeHtml(name), escapeHtml(version)] as const,
    ),
  ];
  return `<section aria-labelledby="reproduce">
<h2 id="reproduce">How to reproduce</h2>
<div class="command"><pre><code id="command">${escapeHtml(command)}</code></pre><button type="button" class="quiet" id="copy-command">Copy</button></div>
</section>
<section aria-labelledby="run">
<h2 id="run">The run</h2>
${paramsHtml(run.params)}
<dl class="facts">${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>
</section>`;
}

function deviceText({ device, threads }: RunFacts): string {
  return `${escapeHtml(device)}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}

function paramsHtml(params: readonly ParamFact[]): string {
  if (params.length === 0) return "";
  const rows = params.map(
    ({ name, value, meaning, unit }) =>
      `<tr><th scope="row"><code>${escapeHtml(name)}</code></th><td class="value">${paramValue(value)}${unit ? ` <span class="unit">${escapeHtml(unit)}</span>` : ""}</td><td>${escapeHtml(meaning)}</td></tr>`,
  );
  return `<div class="scroll"><table class="params">
<thead><tr><th scope="col">Parameter</th><th scope="col">Value</th><th scope="col">Meaning</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div>`;
}

function paramValue(value: ParamFact["value"]): string {
  if (typeof value !== "object") return valueHtml(value);
  return escapeHtml(value.join(", "));
}
