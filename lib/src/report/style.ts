/** The style sheet of a report. */

import { sans, themeVariables } from "./theme.ts";

/** CSS for light and dark, wide and narrow, screen and paper. */
export function styleSheet(): string {
  return [base(), article(), figures(), tables(), chrome(), paper()].join("\n");
}

function base(): string {
  return `
:root {
  color-scheme: light dark;
  ${themeVariables()}
  --sans: ${sans};
  --serif: Charter, "Bitstream Charter", "Sitka Text", Cambria, "Liberation Serif", Georgia, serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
*, ::before, ::after { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 1.125rem/1.6 var(--serif); font-kerning: normal; text-rendering: optimizeLegibility;
}
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 0.18em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
code { font: 0.86em var(--mono); background: var(--surface); padding: 0.1em 0.3em; border-radius: 3px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; background: var(--page); padding: 0.5rem 1rem; z-index: 3; }
.skip:focus { top: 1rem; }`;
}

function article(): string {
  return `
main { max-width: 60rem; margin: 0 auto; padding: 3.5rem 1.5rem 6rem; }
@media (min-width: 1200px) { main { margin: 0 auto 0 max(15rem, calc(50vw - 26rem)); } }
header, section { margin-bottom: 3.5rem; }
.kicker, h1, h2, h3, .verdict, dl, table, figcaption, button, nav, .controls { font-family: var(--sans); }
.kicker { margin: 0 0 0.75rem; color: var(--muted); font-size: 0.8rem; letter-spacing: 0.08em; text-transform: uppercase; }
h1 { margin: 0 0 1.25rem; max-width: 24ch; font-size: clamp(2rem, 1.4rem + 2.6vw, 3rem); line-height: 1.12; letter-spacing: -0.02em; text-wrap: balance; }
h2 { margin: 0 0 1rem; font-size: 1.6rem; line-height: 1.25; letter-spacing: -0.01em; text-wrap: balance; }
p { margin: 0 0 1.1em; max-width: 68ch; text-wrap: pretty; }
.summary { font-size: 1.3rem; line-height: 1.5; max-width: 60ch; }
.verdict { display: inline-block; margin: 0.25rem 0 1.75rem; padding: 0.35rem 0.9rem; border: 1px solid currentColor; border-radius: 99px; font-size: 0.95rem; font-weight: 600; text-decoration: none; }
.verdict:hover { background: var(--surface); }
.chip { margin: 0 0 0.5rem; font: 0.85rem/1.45 var(--sans); }
.chip a { display: inline-block; padding: 0.15rem 0.7rem; border: 1px solid var(--rule); border-left: 3px solid currentColor; border-radius: 4px; text-decoration: none; color: inherit; }
.chip a:hover { background: var(--surface); }
.open { color: var(--muted); }
details > summary { cursor: pointer; font: 600 0.95rem var(--sans); padding: 0.5rem 0; }
details.more > summary { font-weight: 400; color: var(--muted); }
caption { text-align: left; padding-bottom: 0.5rem; font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--bad); }
dl { margin: 0; font-size: 0.875rem; line-height: 1.45; }
dt { color: var(--muted); font-size: 0.8rem; }
dd { margin: 0; }
.byline { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.9rem 2rem; padding: 1rem 0; border-block: 1px solid var(--rule); }
@media (min-width: 900px) { .byline { grid-template-columns: auto minmax(0, 1.6fr) auto auto minmax(0, 1fr); } }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem 1.5rem; margin-top: 1.5rem; }
.facts dd { overflow-wrap: anywhere; }
.command { display: flex; align-items: flex-start; gap: 0.75rem; }
pre { flex: 1; margin: 0; padding: 0.8rem 1rem; background: var(--surface); border-radius: 6px; overflow-x: auto; line-height: 1.5; }
pre code { padding: 0; background: none; }
.formula { margin: 0 0 1.3em; overflow-x: auto; font-size: 1.1em; }
math[display="block"] { display: block math; }
.tml-right { text-align: right; padding: 0; }
.tml-left { text-align: left; padding: 0; }
.notice { padding: 0.8rem 1rem; background: var(--surface); border-radius: 6px; }`;
}

function figures(): string {
  return `
figure { margin: 2.5rem 0 3rem; padding-top: 0.9rem; border-top: 1px solid var(--rule); break-inside: avoid; }
.head { display: flex; justify-content: space-between; align-items: baseline; gap: 1.5rem; }
@media (max-width: 480px) { .head { flex-direction: column; gap: 0.25rem; } }
h3 { margin: 0; font-size: 1rem; font-weight: 600; line-height: 1.4; }
h3 a { margin-right: 0.4em; color: var(--muted); font-weight: 400; text-decoration: none; }
h3 a:hover { color: var(--accent); }
figcaption { max-width: 78ch; margin-top: 0.6rem; color: var(--muted); font-size: 0.9rem; line-height: 1.5; }
figcaption strong, figcaption code { color: var(--text); }
.plot { position: relative; width: 100%; margin-top: 0.5rem; }
.plot.js-plotly-plot .plotly .modebar { right: -24px; }
@media (max-width: 760px) {
  .canvas { overflow-x: auto; padding-top: 1.75rem; }
  .plot.js-plotly-plot .plotly .modebar { right: 0; top: -1.75rem; }
  .downloads { margin-left: 0; }
}
figure:not([data-state]) .plot { background: linear-gradient(var(--surface), var(--surface)) center / 100% calc(100% - 2rem) no-repeat; }
figure[data-state="failed"] .plot { padding: 1rem; background: var(--surface); font: 0.9rem var(--sans); }
.downloads { display: flex; gap: 0.15rem; margin-left: auto; }
.downloads button { padding: 0.15rem 0.4rem; border: 0; border-radius: 4px; background: none; color: var(--muted); font-size: 0.72rem; letter-spacing: 0.03em; cursor: pointer; }
.downloads button:hover { background: var(--surface); color: var(--accent); }
.controls { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; font-size: 0.85rem; }
.controls:not(:empty) { margin-top: 0.6rem; }
.controls button, .quiet { padding: 0.25rem 0.7rem; border: 1px solid var(--rule); border-radius: 5px; background: var(--page); color: var(--text); font: 0.8rem var(--sans); cursor: pointer; }
.controls button:hover, .quiet:hover { border-color: var(--muted); }
.toggle[aria-pressed="true"] { border-color: var(--accent); background: var(--accent); color: var(--page); }
.play { min-width: 5.5rem; }
.controls input { flex: 1; min-width: 8rem; max-width: 28rem; accent-color: var(--accent); }
.explore > .controls { padding: 0.6rem 0; font-family: var(--sans); }
.explore > .controls label { display: flex; flex: 1; align-items: center; gap: 0.75rem; max-width: 36rem; }
.controls output { min-width: 7rem; font-variant-numeric: tabular-nums; }`;
}

function tables(): string {
  return `
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.875rem; line-height: 1.45; }
th, td { padding: 0.6rem 1rem 0.6rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
thead th { padding-top: 0; color: var(--muted); font-size: 0.8rem; font-weight: 400; white-space: nowrap; }
tbody th { font-weight: 400; white-space: nowrap; }
td.value { font-variant-numeric: tabular-nums; }
td small { display: block; margin-top: 0.15rem; color: var(--muted); font-size: 0.78rem; }
td small a { color: inherit; }
.claims td:first-child { width: 1.75rem; padding-right: 0.5rem; font-weight: 700; }
.claims td:nth-child(2) { width: 40%; min-width: 15rem; }
.unit { color: var(--muted); }
.after { margin: 1rem 0 0; }
sup { font-size: 0.75em; line-height: 0; }
@media (max-width: 760px) {
  .claims thead { display: none; }
  .claims tr { display: grid; grid-template-columns: 1.75rem 1fr; padding: 0.75rem 0; border-bottom: 1px solid var(--rule); }
  .claims td, .claims td:nth-child(2) { width: auto; min-width: 0; }
  .claims td { grid-column: 2; padding: 0.1rem 0; border: 0; }
  .claims td:first-child { grid-column: 1; }
  .claims td:nth-child(2) { margin-bottom: 0.3rem; }
  .claims td[data-label]::before { content: attr(data-label); display: inline-block; width: 6rem; color: var(--muted); }
}`;
}

function chrome(): string {
  return `
#theme { position: absolute; top: 1.25rem; right: 1.25rem; z-index: 2; width: 2.25rem; height: 2.25rem; padding: 0; border-radius: 50%; font-size: 1.1rem; line-height: 1; }
nav.contents { display: none; }
@media (min-width: 1200px) {
  nav.contents { display: block; position: fixed; top: 4rem; bottom: 2rem; left: max(1.5rem, calc(50vw - 40rem)); width: 11.5rem; overflow-y: auto; font-size: 0.8rem; line-height: 1.4; }
  nav.contents ol { margin: 0; padding: 0; list-style: none; }
  nav.contents a { display: block; padding: 0.3rem 0 0.3rem 0.75rem; border-left: 2px solid var(--rule); color: var(--muted); text-decoration: none; }
  nav.contents a:hover { color: var(--text); }
  nav.contents a[aria-current] { border-color: var(--accent); color: var(--text); font-weight: 600; }
}
@media (max-width: 760px) { body { font-size: 1.0625rem; } main { padding: 2.5rem 1.1rem 4rem; } .summary { font-size: 1.15rem; } }`;
}

function paper(): string {
  return `
@media print {
  :root { color-scheme: light; }
  nav.contents, #theme, .downloads, .controls, .quiet, .skip { display: none; }
  main { max-width: none; margin: 0; padding: 0; }
  body { font-size: 10.5pt; }
  h2, h3 { break-after: avoid; }
}`;
}
