/**
 * Runs in the page: a figure's Plotly buttons and slider as HTML, which keyboards and screen
 * readers can use. Embedded like the functions of `csv.ts`.
 */

import type { PlotlyApi } from "./plotly-api.ts";

interface MenuButton {
  readonly label: string;
  readonly method: "relayout" | "animate";
  readonly args: readonly unknown[];
  readonly args2?: readonly unknown[];
}

interface Menu {
  readonly active?: number;
  readonly buttons: readonly MenuButton[];
}

interface Slider {
  readonly active: number;
  readonly currentvalue?: { readonly prefix?: string };
  readonly steps: readonly { readonly label: string; readonly args: readonly unknown[] }[];
}

/**
 * Fill `bar` with the controls that the layout declares. `textOf` turns the texts of the layout into what a
 * reader sees of them.
 */
export function addControls(
  plotly: PlotlyApi,
  plot: HTMLElement,
  bar: HTMLElement,
  layout: Readonly<Record<string, unknown>>,
  textOf: (pseudoHtml: string) => string,
): void {
  const menus = (layout.updatemenus ?? []) as readonly Menu[];
  for (const menu of menus) {
    for (const [i, button] of menu.buttons.entries()) {
      if (button.args2) bar.append(toggleButton(plotly, plot, button, menu.active === i));
    }
  }
  const frameMs = playTime(menus);
  for (const slider of (layout.sliders ?? []) as readonly Slider[]) {
    addPlayer(plotly, plot, bar, readableSlider(slider, textOf), frameMs);
  }
}

function toggleButton(
  plotly: PlotlyApi,
  plot: HTMLElement,
  { label, method, args, args2 }: MenuButton,
  pressed: boolean,
): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "toggle";
  button.textContent = label;
  button.setAttribute("aria-pressed", String(pressed));
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    const change = (on ? args : args2) ?? [];
    void plotly[method](plot, ...(change as [object]));
  });
  return button;
}

function readableSlider(slider: Slider, textOf: (pseudoHtml: string) => string): Slider {
  const prefix = textOf(slider.currentvalue?.prefix ?? "");
  const steps = slider.steps.map((step) => ({ ...step, label: textOf(step.label) }));
  return { ...slider, currentvalue: { prefix }, steps };
}

/** Time per frame that the menu with the play button declares, in ms. */
function playTime(menus: readonly Menu[]): number {
  const play = menus.flatMap(({ buttons }) => buttons).find(({ args }) => args[0] === null);
  const options = play?.args[1] as { frame?: { duration?: number } } | undefined;
  return options?.frame?.duration ?? 250;
}

function addPlayer(
  plotly: PlotlyApi,
  plot: HTMLElement,
  bar: HTMLElement,
  slider: Slider,
  frameMs: number,
): void {
  const prefix = slider.currentvalue?.prefix ?? "";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "play";
  const range = document.createElement("input");
  range.type = "range";
  range.max = String(slider.steps.length - 1);
  range.value = String(slider.active);
  range.setAttribute("aria-label", prefix.trim() || "frame");
  const output = document.createElement("output");
  let timer: ReturnType<typeof setInterval> | undefined;
  const show = (): void => {
    const step = slider.steps[Number(range.value)];
    output.textContent = `${prefix}${step?.label ?? ""}`;
    range.setAttribute("aria-valuetext", output.textContent);
  };
  const draw = (): void => {
    show();
    const args = slider.steps[Number(range.value)]?.args ?? [];
    void plotly.animate(plot, ...args).catch(() => undefined);
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    button.textContent = "▶ Play";
  };
  const advance = (): void => {
    range.value = String(Number(range.value) + 1);
    draw();
    if (range.value === range.max) stop();
  };
  button.addEventListener("click", () => {
    if (timer !== undefined) return stop();
    if (range.value === range.max) {
      range.value = "0";
      draw();
    }
    if (range.value === range.max) return;
    button.textContent = "❚❚ Pause";
    timer = setInterval(advance, frameMs);
  });
  range.addEventListener("input", () => {
    stop();
    draw();
  });
  stop();
  show();
  bar.append(button, range, output);
}

/** The functions of this file, to embed. */
export const controlFunctions = [
  addControls,
  toggleButton,
  readableSlider,
  playTime,
  addPlayer,
] as const;
