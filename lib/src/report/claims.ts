/** The table of claims: what was published, what was measured, and whether they agree. */

import type { Claim } from "../core/claim.ts";
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
  const all = held === claims.length;
  const words = `${held} of ${claims.length} claims ${claims.length === 1 ? "holds" : "hold"}`;
  return html`<a class="verdict ${all ? "good" : "bad"}" href="#claims"><span aria-hidden="true">${all ? "✓" : "✗"}</span> ${words}</a>`;
}

/** The section of claims; empty without claims. */
export function claimsHtml(
  claims: readonly Claim[],
  study: string,
  figures: ReadonlyMap<string, number>,
): Html {
  if (claims.length === 0) return html``;
  const names = ["Claim", "Published", "Measured", "Tolerance"];
  const head = names.map((name) => html`<th scope="col">${name}</th>`);
  return html`<section aria-labelledby="claims">
<h2 id="claims">Claims</h2>
<div class="scroll"><table class="claims">
<thead><tr><th scope="col"><span class="hidden">Verdict</span></th>${head}</tr></thead>
<tbody>
${lines(claims.map((claim) => rowHtml(claim, figures)))}
</tbody></table></div>
<p class="after"><button type="button" class="quiet" data-download="claims" data-name="${study}-claims">Download the claims as JSON</button></p>
<script type="application/json" id="claims-data">${embedJson(claims)}</script>
</section>`;
}

function rowHtml(claim: Claim, figures: ReadonlyMap<string, number>): Html {
  const verdict = claim.holds
    ? html`<td class="good"><span aria-hidden="true">✓</span><span class="hidden">holds</span></td>`
    : html`<td class="bad"><span aria-hidden="true">✗</span><span class="hidden">does not hold</span></td>`;
  const text = html`${inlineMarkdown(claim.text, figures)}<small>${sourceHtml(claim.source)}</small>`;
  return html`<tr id="claim-${claim.id}">${verdict}<td>${text}</td><td class="value" data-label="Published">${valueHtml(claim.expected)}</td><td class="value" data-label="Measured">${valueHtml(claim.measured)}</td><td data-label="Tolerance">${claim.tolerance}</td></tr>`;
}

/** A source as text, linked when it has an address on the web. */
export function sourceHtml({ paper, at, url }: Source): Html {
  const text = at ? `${paper}, ${at}` : paper;
  if (!url || !/^https?:\/\//.test(url)) return html`${text}`;
  return html`<a href="${url}" rel="noreferrer">${text}</a>`;
}
