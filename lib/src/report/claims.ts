/** The table of claims: what was published, what was measured, and whether they agree. */

import type { Claim } from "../core/claim.ts";
import type { Source } from "../core/source.ts";
import { embedJson, escapeHtml } from "./escape.ts";
import { inlineMarkdown } from "./markdown.ts";
import { valueHtml } from "./values.ts";

/** "✓ 12 of 12 claims hold", as a link to the table; empty without claims. */
export function verdictHtml(claims: readonly Claim[]): string {
  if (claims.length === 0) return "";
  const held = claims.filter(({ holds }) => holds).length;
  const all = held === claims.length;
  const words = `${held} of ${claims.length} claims ${claims.length === 1 ? "holds" : "hold"}`;
  return `<a class="verdict ${all ? "good" : "bad"}" href="#claims"><span aria-hidden="true">${all ? "✓" : "✗"}</span> ${words}</a>`;
}

/** The section of claims; empty without claims. */
export function claimsHtml(
  claims: readonly Claim[],
  study: string,
  figures: ReadonlyMap<string, number>,
): string {
  if (claims.length === 0) return "";
  const head = ["Claim", "Published", "Measured", "Tolerance"]
    .map((name) => `<th scope="col">${name}</th>`)
    .join("");
  return `<section aria-labelledby="claims">
<h2 id="claims">Claims</h2>
<div class="scroll"><table class="claims">
<thead><tr><th scope="col"><span class="hidden">Verdict</span></th>${head}</tr></thead>
<tbody>
${claims.map((claim) => rowHtml(claim, figures)).join("\n")}
</tbody></table></div>
<p class="after"><button type="button" class="quiet" data-download="claims" data-name="${escapeHtml(study)}-claims">Download the claims as JSON</button></p>
<script type="application/json" id="claims-data">${embedJson(claims)}</script>
</section>`;
}

function rowHtml(claim: Claim, figures: ReadonlyMap<string, number>): string {
  const verdict = claim.holds
    ? '<td class="good"><span aria-hidden="true">✓</span><span class="hidden">holds</span></td>'
    : '<td class="bad"><span aria-hidden="true">✗</span><span class="hidden">does not hold</span></td>';
  const text = `${inlineMarkdown(claim.text, figures)}<small>${sourceHtml(claim.source)}</small>`;
  return `<tr id="claim-${escapeHtml(claim.id)}">${verdict}<td>${text}</td><td class="value" data-label="Published">${valueHtml(claim.expected)}</td><td class="value" data-label="Measured">${valueHtml(claim.measured)}</td><td data-label="Tolerance">${escapeHtml(claim.tolerance)}</td></tr>`;
}

/** A source as text, linked when it has an address on the web. */
export function sourceHtml({ paper, at, url }: Source): string {
  const text = escapeHtml(at ? `${paper}, ${at}` : paper);
  if (!url || !/^https?:\/\//.test(url)) return text;
  return `<a href="${escapeHtml(url)}" rel="noreferrer">${text}</a>`;
}
