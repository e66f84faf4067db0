/** The table of claims: what was published, what was measured, and whether they agree. */

import type { Claim, ClaimKind } from "../core/claim.ts";
import type { Source } from "../core/source.ts";
import { embedJson, type Html, html, lines } from "./escape.ts";
import { inlineMarkdown } from "./markdown.ts";
import { valueHtml } from "./values.ts";

/** "✓ 12 of 12 claims hold", as a link to the table; without claims, that there are none. */
export function verdictHtml(claims: readonly Claim[]): Html {
  if (claims.length === 0) {
    return html`<p class="verdict">No claims are made for these settings</p>`;
  }
  const held = claims.filter(({ holds }) => holds).length;
  const all = claims.every(({ holds }) => holds !== false);
  const words = `${held} of ${claims.length} claims ${claims.length === 1 ? "holds" : "hold"}`;
  return html`<a class="verdict ${all ? "good" : "bad"}" href="#claims"><span aria-hidden="true">${all ? "✓" : "✗"}</span> ${words}</a>`;
}

/** How each kind of claim is headed, in the order of the page. */
const groups: readonly (readonly [ClaimKind, string])[] = [
  ["printed", "Printed in the notebook"],
  ["published", "Published"],
  ["recomputed", "Recomputed by an independent program"],
  ["theorem", "Theorems"],
  ["own", "Our own thresholds"],
];

/** The section of claims, one table for each kind of source; empty without claims. */
export function claimsHtml(
  claims: readonly Claim[],
  study: string,
  figures: ReadonlyMap<string, number>,
): Html {
  if (claims.length === 0) return html``;
  const untold = claims.filter(({ source }) => source.kind === undefined);
  const tables = groups.flatMap(([kind, heading]) => {
    const own = claims.filter(({ source }) => source.kind === kind);
    return own.length === 0 ? [] : [groupHtml(heading, own, figures)];
  });
  return html`<section aria-labelledby="claims">
<h2 id="claims">Claims</h2>
${untold.length > 0 && tableHtml(untold, figures)}
${lines(tables)}
<p class="after"><button type="button" class="quiet" data-download="claims" data-name="${study}-claims">Download the claims as JSON</button></p>
<script type="application/json" id="claims-data">${embedJson(claims)}</script>
</section>`;
}

/** Folded; open where a claim of the group does not hold. */
function groupHtml(
  heading: string,
  claims: readonly Claim[],
  figures: ReadonlyMap<string, number>,
): Html {
  const held = claims.filter(({ holds }) => holds).length;
  const open = claims.some(({ holds }) => holds === false);
  const begin = open
    ? html`<details class="claim-group" open>`
    : html`<details class="claim-group">`;
  return html`${begin}<summary>${heading}: ${held} of ${claims.length} hold</summary>
${tableHtml(claims, figures)}
</details>`;
}

function tableHtml(claims: readonly Claim[], figures: ReadonlyMap<string, number>): Html {
  const names = ["Claim", "Expected", "Measured", "Tolerance"];
  const head = names.map((name) => html`<th scope="col">${name}</th>`);
  return html`<div class="scroll"><table class="claims">
<thead><tr><th scope="col"><span class="hidden">Verdict</span></th>${head}</tr></thead>
<tbody>
${lines(claims.map((claim) => rowHtml(claim, figures)))}
</tbody></table></div>`;
}

/** How a verdict looks: class, sign, words. */
function verdictOf({ holds }: Claim): readonly [string, string, string] {
  if (holds === undefined) return ["open", "…", "cannot be judged yet"];
  return holds ? ["good", "✓", "holds"] : ["bad", "✗", "does not hold"];
}

function rowHtml(claim: Claim, figures: ReadonlyMap<string, number>): Html {
  const [look, sign, words] = verdictOf(claim);
  const verdict = html`<td class="${look}"><span aria-hidden="true">${sign}</span><span class="hidden">${words}</span></td>`;
  const text = html`${inlineMarkdown(claim.text, figures)}<small>${sourceHtml(claim.source)}</small>`;
  return html`<tr id="claim-${claim.id}">${verdict}<td>${text}</td><td class="value" data-label="Expected">${valueHtml(claim.expected)}</td><td class="value" data-label="Measured">${measuredHtml(claim)}</td><td data-label="Tolerance">${claim.tolerance}</td></tr>`;
}

function measuredHtml({ measured }: Claim): Html {
  return measured === undefined ? html`not yet` : valueHtml(measured);
}

/** A claim where it is found out, as a link to its row of the table. */
export function chipHtml(claim: Claim, figures: ReadonlyMap<string, number>): Html {
  const [look, sign, words] = verdictOf(claim);
  return html`<p class="chip ${look}"><a href="#claim-${claim.id}"><span aria-hidden="true">${sign}</span><span class="hidden">${words}:</span> ${inlineMarkdown(claim.text, figures)}: ${measuredHtml(claim)}, expected ${valueHtml(claim.expected)}</a></p>`;
}

/** A source as text, linked when it has an address on the web. */
export function sourceHtml({ paper, at, url }: Source): Html {
  const text = at ? `${paper}, ${at}` : paper;
  if (!url || !/^https?:\/\//.test(url)) return html`${text}`;
  return html`<a href="${url}" rel="noreferrer">${text}</a>`;
}
