/**
 * Runs in the page: unpacks Plotly, draws figures when they come into view, switches the theme,
 * downloads. Embedded like the functions of `csv.ts`; what other files offer comes in as `Parts`.
 */

import type { PageFigure } from "./csv.ts";
import type { PlotElement, PlotlyApi } from "./plotly-api.ts";

export interface Parts {
  csvOf(figure: PageFigure, textOf: Parts["textOf"]): string;
  /** What a reader sees of a text of a figure. */
  textOf(pseudoHtml: string): string;
  addControls(
    plotly: PlotlyApi,
    plot: HTMLElement,
    bar: HTMLElement,
    layout: Readonly<Record<string, unknown>>,
    textOf: Parts["textOf"],
  ): void;
}

/** The state of one open page. */
interface Page extends Parts {
  /** Plotly templates by theme. */
  readonly templates: Readonly<Record<string, object>>;
  readonly plotly: Promise<PlotlyApi>;
  readonly drawn: Map<HTMLElement, Promise<void>>;
  /** Figures in or near the view. */
  readonly near: Set<HTMLElement>;
}

/** Start the page. */
export function startPage(parts: Parts): void {
  const templates = JSON.parse(textOf("templates"));
  const page: Page = {
    ...parts,
    templates,
    plotly: loadPlotly(),
    drawn: new Map(),
    near: new Set(),
  };
  const figures = [...document.querySelectorAll<HTMLElement>("figure[data-figure]")];
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const figure = target as HTMLElement;
        page.near[isIntersecting ? "add" : "delete"](figure);
        if (isIntersecting) void show(page, figure);
      }
    },
    { rootMargin: "600px 0px" },
  );
  for (const figure of figures) observer.observe(figure);
  startPrinting(page, figures);
  startExploring();
  startDownloads(page);
  startFitting(page);
  startTheme(page);
  startContents();
  startCopying();
}

/** A slider shows one of the parts below it; the figures in it are drawn when they come into view. */
function startExploring(): void {
  for (const group of document.querySelectorAll<HTMLElement>(".explore")) {
    const range = group.querySelector("input") as HTMLInputElement;
    const output = group.querySelector("output") as HTMLOutputElement;
    const parts = [...group.children].filter(
      (child): child is HTMLElement => child instanceof HTMLElement && "value" in child.dataset,
    );
    range.addEventListener("input", () => {
      for (const [i, part] of parts.entries()) part.hidden = i !== Number(range.value);
      const value = parts[Number(range.value)]?.dataset.value ?? "";
      output.textContent = value;
      range.setAttribute("aria-valuetext", value);
    });
  }
}

/**
 * Plotly sets `style` attributes as text, which the content policy does not allow; as properties, which
 * it does, they are the same.
 */
function styleByRules(): void {
  const plain = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name: string, value: string): void {
    if (name === "style" && "style" in this) (this as HTMLElement).style.cssText = value;
    else plain.call(this, name, value);
  };
}

function textOf(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

async function loadPlotly(): Promise<PlotlyApi> {
  styleByRules();
  const packed = Uint8Array.from(atob(textOf("plotly").trim()), (char) => char.charCodeAt(0));
  const isGzip = packed[0] === 0x1f && packed[1] === 0x8b;
  const stream = new Blob([packed]).stream();
  const source = isGzip ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
  const script = document.createElement("script");
  script.textContent = await new Response(source).text();
  document.head.append(script);
  return (globalThis as unknown as { Plotly: PlotlyApi }).Plotly;
}

function themeNow(): string {
  const chosen = document.documentElement.dataset.theme;
  if (chosen) return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function figureData(figure: HTMLElement): PageFigure {
  return JSON.parse(textOf(`data-${figure.dataset.figure}`));
}

/** Draw a figure that is not drawn yet, and give it the page's theme. */
async function show(page: Page, figure: HTMLElement): Promise<void> {
  const started = page.drawn.get(figure) ?? drawNow(page, figure);
  page.drawn.set(figure, started);
  await started;
  const theme = themeNow();
  if (figure.dataset.state !== "drawn" || figure.dataset.theme === theme) return;
  figure.dataset.theme = theme;
  const plotly = await page.plotly;
  const plot = figure.querySelector(".plot") as HTMLElement;
  await plotly.relayout(plot, { template: page.templates[theme] });
}

/** Draw a figure. Its size is the page's, its title and controls are HTML around it. */
async function drawNow(page: Page, figure: HTMLElement): Promise<void> {
  const plot = figure.querySelector(".plot") as HTMLElement;
  try {
    const plotly = await page.plotly;
    const { data, layout, frames } = figureData(figure);
    const touch = matchMedia("(pointer: coarse)").matches;
    const theme = themeNow();
    const narrow = matchMedia("(max-width: 760px)").matches;
    await plotly.newPlot(plot, {
      data,
      frames: frames ?? [],
      layout: {
        ...bareLayout(layout, 0),
        template: page.templates[theme],
        autosize: true,
        modebar: { orientation: narrow ? "h" : "v" },
        ...(touch ? { dragmode: false } : {}),
      },
      config: {
        responsive: true,
        displaylogo: false,
        showSendToCloud: false,
        modeBarButtonsToRemove: ["toImage", "select2d", "lasso2d", "autoScale2d"],
      },
    });
    const bar = figure.querySelector(".controls") as HTMLElement;
    page.addControls(plotly, plot, bar, layout, page.textOf);
    await fitLegend(plotly, plot);
    figure.dataset.theme = theme;
    figure.dataset.state = "drawn";
  } catch (error) {
    figure.dataset.state = "failed";
    plot.textContent = `This browser could not draw the figure: ${error}`;
  }
}

/**
 * A layout without what the page shows in HTML: size, title and controls. Legend and axes begin `top`
 * pixels, `share` of the height, below the upper edge.
 */
function bareLayout(
  layout: Readonly<Record<string, unknown>>,
  top: number,
  share = 0,
): Readonly<Record<string, unknown>> {
  const { title, width, height, updatemenus, sliders, legend, margin, ...own } = layout;
  const hangs = (legend as { yref?: string } | undefined)?.yref === "container";
  return {
    ...own,
    margin: { ...(margin as object), t: 12 + top },
    ...(hangs ? { legend: { ...(legend as object), y: 1 - share } } : {}),
  };
}

/** Make a figure higher by what its legend takes, when that is more than one line. */
async function fitLegend(plotly: PlotlyApi, plot: HTMLElement): Promise<void> {
  const hanging = plot.querySelector(".legend .bg")?.getBoundingClientRect();
  if (!hanging || hanging.width < hanging.height || plot.style.height === "") return;
  plot.dataset.height ??= String(Number.parseFloat(plot.style.height));
  const base = Number(plot.dataset.height);
  const wanted = Math.round(base + Math.max(0, hanging.height - 30));
  if (wanted === Number.parseFloat(plot.style.height)) return;
  plot.style.height = `${wanted}px`;
  await plotly.relayout(plot, { autosize: true });
}

/** Legends have other lines on a page of another width. */
function startFitting(page: Page): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  window.addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const plotly = await page.plotly;
      for (const figure of page.near) {
        if (figure.dataset.state !== "drawn") continue;
        void fitLegend(plotly, figure.querySelector(".plot") as HTMLElement);
      }
    }, 300);
  });
}

/** Paper is light, and shows every figure. */
function startPrinting(page: Page, figures: readonly HTMLElement[]): void {
  const root = document.documentElement;
  let chosen = "";
  window.addEventListener("beforeprint", () => {
    chosen = root.dataset.theme ?? "";
    root.dataset.theme = "light";
    for (const figure of figures) if (!figure.closest("[hidden]")) void show(page, figure);
  });
  window.addEventListener("afterprint", () => {
    if (chosen === "") delete root.dataset.theme;
    else root.dataset.theme = chosen;
    for (const figure of page.near) void show(page, figure);
  });
}

function startDownloads(page: Page): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("button[data-download]");
    if (!button) return;
    const kind = button.dataset.download as string;
    const figure = button.closest<HTMLElement>("figure[data-figure]");
    const name = button.dataset.name as string;
    if (!figure) return save(`${name}.json`, "application/json", textOf("claims-data"));
    if (kind === "json") {
      const text = JSON.stringify(figureData(figure));
      return save(`${name}.json`, "application/json", text);
    }
    if (kind === "csv")
      return save(`${name}.csv`, "text/csv", page.csvOf(figureData(figure), page.textOf));
    void saveImage(page, figure, kind, name);
  });
}

function save(name: string, type: string, text: string): void {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}

/** The figure as it is on the page now, with its title. */
async function saveImage(
  page: Page,
  figure: HTMLElement,
  format: string,
  filename: string,
): Promise<void> {
  await show(page, figure);
  const plot = figure.querySelector(".plot") as PlotElement;
  const room = 40;
  const [width, height] = [plot.clientWidth, plot.clientHeight + room];
  const escaped = figure.dataset.title?.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
  const title = {
    text: escaped,
    x: 0,
    xanchor: "left",
    xref: "paper",
    yref: "container",
    y: 1,
    yanchor: "top",
    pad: { t: 14 },
  };
  const layout = { ...bareLayout(plot.layout, room, room / height), title, width, height };
  const plotly = await page.plotly;
  await plotly.downloadImage(
    { data: plot.data, layout },
    { format, filename, width, height, scale: format === "png" ? 3 : 1 },
  );
}

function startTheme(page: Page): void {
  const button = document.getElementById("theme") as HTMLButtonElement;
  const apply = (): void => {
    button.setAttribute("aria-pressed", String(themeNow() === "dark"));
    for (const figure of page.near) void show(page, figure);
  };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = themeNow() === "dark" ? "light" : "dark";
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
}

/** Mark the section being read in the table of contents. */
function startContents(): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("nav.contents a")];
  const sections = links.map(({ hash }) => document.getElementById(hash.slice(1)));
  const mark = (): void => {
    const passed = sections.filter((section) => (section?.getBoundingClientRect().top ?? 0) < 140);
    const { scrollHeight } = document.documentElement;
    const isEnd = window.scrollY + window.innerHeight >= scrollHeight - 2;
    const current = isEnd ? links.length - 1 : Math.max(passed.length - 1, 0);
    for (const [i, link] of links.entries()) {
      if (i === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  document.addEventListener("scroll", mark, { passive: true });
  mark();
}

function startCopying(): void {
  const button = document.getElementById("copy-command");
  const say = (text: string): void => {
    if (button) button.textContent = text;
  };
  button?.addEventListener("click", () => {
    const command = document.getElementById("command") as HTMLElement;
    getSelection()?.selectAllChildren(command);
    const copied = navigator.clipboard.writeText(textOf("command"));
    copied.then(
      () => say("Copied"),
      () => say("Selected"),
    );
  });
}

/** What other pages need too, to embed. */
export const sharedFunctions = [textOf, styleByRules, loadPlotly, themeNow] as const;

/** The other functions of this file, to embed. */
export const pageFunctions = [
  startPage,
  figureData,
  show,
  drawNow,
  bareLayout,
  fitLegend,
  startFitting,
  startExploring,
  startPrinting,
  startDownloads,
  save,
  saveImage,
  startTheme,
  startContents,
  startCopying,
] as const;
