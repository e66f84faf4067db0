import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { renderReport } from "./render.ts";
import type { ReportFigure, ReportInput } from "./report.ts";
import { figuresOf, sampleReport } from "./sample.ts";

const bundle = new TextEncoder().encode("globalThis.Plotly = {};");
const html = renderReport(sampleReport(), bundle);

function withFigures(figures: readonly ReportFigure[]): ReportInput {
  return { ...sampleReport(), summary: "", sections: [{ title: "", items: figures }] };
}

const empty: ReportFigure = {
  kind: "figure",
  folded: false,
  id: "a",
  title: "",
  see: "",
  figure: { data: [], layout: {} },
};

describe("renderReport", () => {
  it("says first how many claims hold", () => {
    expect(html).toContain("1 of 2 claims hold");
    const claims = sampleReport().claims.slice(0, 1);
    expect(renderReport({ ...sampleReport(), claims }, bundle)).toContain("1 of 1 claims holds");
    const none = renderReport({ ...sampleReport(), claims: [] }, bundle);
    expect(none).not.toContain("claims hold");
    expect(none).toContain("No claims are made for these settings");
  });

  it("loads nothing: no address is in a place that a browser fetches from", () => {
    expect(html).not.toMatch(/<(link|img|iframe|object|embed|audio|video)\b/);
    expect(html).not.toMatch(/\ssrc\s*=/);
    expect(html).not.toMatch(/@import|url\(/);
    expect(html).toContain("default-src &#39;none&#39;");
  });

  it("allows the scripts and styles of the page by their hashes, and no others", () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
    const hash = (text: string): string =>
      `&#39;sha256-${createHash("sha256").update(text).digest("base64")}&#39;`;
    const [, script = ""] = /<script>(.*?)<\/script>/s.exec(html) ?? [];
    const [, style = ""] = /<style>(.*?)<\/style>/s.exec(html) ?? [];
    const code = "globalThis.Plotly = {};";
    expect(policy).toContain(`script-src ${hash(script)} ${hash(code)};`);
    // Plotly adds empty style elements, which it fills by rules.
    expect(policy).toContain(`style-src ${hash(style)} ${hash("")};`);
    expect(policy).not.toContain("unsafe");
    expect(renderReport(sampleReport(), gzipSync(bundle))).toContain(hash(code));
    expect(html).not.toMatch(/<[a-z][^>]*\s(style|on[a-z]+)=/);
  });

  it("shows whatever the files of a run hold as text", () => {
    const bad = `"'><script>window.pwned=1</script>`;
    const run = { ...sampleReport().run, threads: bad, device: bad, date: bad, seconds: bad };
    const claims = sampleReport().claims.map((claim) => ({ ...claim, id: bad, measured: bad }));
    const versions = { [bad]: bad };
    const params = [{ name: bad, value: [bad], meaning: bad, unit: bad }];
    const facts = { ...run, versions, params, seed: bad } as unknown as ReportInput["run"];
    const page = renderReport({ ...sampleReport(), run: facts, claims, study: bad }, bundle);
    expect(page).toContain("&lt;script&gt;window.pwned=1");
    expect(page).not.toContain("<script>window");
    expect(page.match(/<script[\s>]/g)).toHaveLength(html.match(/<script[\s>]/g)?.length ?? 0);
  });

  it("escapes text and data, so that each script ends where it should", () => {
    expect(html).toContain("<h1>Every kind of figure &lt;once&gt;</h1>");
    const opened = html.match(/<script[\s>]/g)?.length;
    expect(html.match(/<\/script>/g)?.length).toBe(opened);
    expect(html).not.toContain("<!--");
  });

  it("holds each figure's JSON unchanged", () => {
    for (const { id, figure } of figuresOf(sampleReport())) {
      const start = `<script type="application/json" id="data-${id}">`;
      const from = html.indexOf(start) + start.length;
      const text = html.slice(from, html.indexOf("</script>", from));
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(figure)));
    }
  });

  it("numbers figures in reading order and links to them", () => {
    const numbers = [...html.matchAll(/data-title="Figure (\d+)\./g)].map(([, n]) => Number(n));
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    const lossNumber = html.match(/id="figure-lines-losses".*?Figure (\d+)\./s)?.[1];
    expect(html).toContain(`<a href="#figure-lines-losses">Figure ${lossNumber}</a> on.`);
  });

  it("has a target for every link inside the page", () => {
    const targets = new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
    const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((id) => !targets.has(id))).toEqual([]);
  });

  it("gives no two elements one id", () => {
    const ids = [...html.matchAll(/<[a-z0-9]+\s[^>]*?\bid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  it("refuses figure ids that are repeated or no anchors", () => {
    expect(() => renderReport(withFigures([empty, empty]), bundle)).toThrow(
      'report: figure ids must be unique, got "a" twice',
    );
    expect(() => renderReport(withFigures([{ ...empty, id: "a b" }]), bundle)).toThrow(
      'report: a figure id is a letter, then letters, digits, "-", "_" or ".", got "a b"',
    );
  });
});
