import { describe, expect, it } from "vitest";
import { renderReport } from "./render.ts";
import type { ReportFigure, ReportInput } from "./report.ts";
import { sampleReport } from "./sample.ts";

const bundle = new TextEncoder().encode("globalThis.Plotly = {};");
const html = renderReport(sampleReport(), bundle);

function withFigures(figures: readonly ReportFigure[]): ReportInput {
  return { ...sampleReport(), summary: "", sections: [{ title: "", prose: [], figures }] };
}

const empty: ReportFigure = { id: "a", title: "", see: "", figure: { data: [], layout: {} } };

describe("renderReport", () => {
  it("says first how many claims hold", () => {
    expect(html).toContain("1 of 2 claims hold");
    const claims = sampleReport().claims.slice(0, 1);
    expect(renderReport({ ...sampleReport(), claims }, bundle)).toContain("1 of 1 claims holds");
    expect(renderReport({ ...sampleReport(), claims: [] }, bundle)).not.toContain("claims hold");
  });

  it("loads nothing: no address is in a place that a browser fetches from", () => {
    expect(html).not.toMatch(/<(link|img|iframe|object|embed|audio|video)\b/);
    expect(html).not.toMatch(/\ssrc\s*=/);
    expect(html).not.toMatch(/@import|url\(/);
    expect(html).toContain("default-src 'none'");
  });

  it("escapes text and data, so that each script ends where it should", () => {
    expect(html).toContain("<h1>Every kind of figure &lt;once&gt;</h1>");
    const opened = html.match(/<script[\s>]/g)?.length;
    expect(html.match(/<\/script>/g)?.length).toBe(opened);
    expect(html).not.toContain("<!--");
  });

  it("holds each figure's JSON unchanged", () => {
    for (const { id, figure } of sampleReport().sections.flatMap(({ figures }) => figures)) {
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
