/** The end of the article: how to make it again, with which parameters, on what. */

import type { ClaimValue } from "../core/claim.ts";
import { type Html, type HtmlPart, html, lines } from "./escape.ts";
import type { ParamFact, ReportInput, RunFacts } from "./report.ts";
import { dateText, durationText, numberHtml, valueHtml } from "./values.ts";

/** The line of facts under the title. */
export function bylineHtml({ run, study }: ReportInput, sourceLink: Html): Html {
  const facts: readonly (readonly [string, HtmlPart])[] = [
    ["Study", html`<code>${study}</code>`],
    ["Reproduces", sourceLink],
    ["Run", dateText(run.date)],
    ["Took", durationText(run.seconds)],
    ["On", deviceText(run)],
  ];
  return html`<dl class="byline">${facts.map(factHtml)}</dl>`;
}

function factHtml([name, value]: readonly [string, HtmlPart]): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** The sections "How to reproduce" and "The run". */
export function runHtml({ run, command }: ReportInput): Html {
  const facts: readonly (readonly [string, HtmlPart])[] = [
    ...(run.seed === undefined ? [] : [["Seed", numberHtml(run.seed)] as const]),
    ["Device", deviceText(run)],
    ["Duration", durationText(run.seconds)],
    ["Date", html`<time datetime="${run.date}">${run.date}</time>`],
    ...Object.entries(run.versions),
  ];
  return html`<section aria-labelledby="reproduce">
<h2 id="reproduce">How to reproduce</h2>
<div class="command"><pre><code id="command">${command}</code></pre><button type="button" class="quiet" id="copy-command">Copy</button></div>
</section>
<section aria-labelledby="run">
<h2 id="run">The run</h2>
${paramsHtml(run.params)}
<dl class="facts">${facts.map(factHtml)}</dl>
</section>`;
}

function deviceText({ device, threads }: RunFacts): string {
  return `${device}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}

function paramsHtml(params: readonly ParamFact[]): Html {
  if (params.length === 0) return html``;
  const rows = params.map(
    ({ name, value, meaning, unit }) =>
      html`<tr><th scope="row"><code>${name}</code></th><td class="value">${paramValue(value)}${unit && html` <span class="unit">${unit}</span>`}</td><td>${meaning}</td></tr>`,
  );
  return html`<div class="scroll"><table class="params">
<thead><tr><th scope="col">Parameter</th><th scope="col">Value</th><th scope="col">Meaning</th></tr></thead>
<tbody>
${lines(rows)}
</tbody></table></div>`;
}

function paramValue(value: ParamFact["value"]): HtmlPart {
  return Array.isArray(value) ? value.map(String).join(", ") : valueHtml(value as ClaimValue);
}
