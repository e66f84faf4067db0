/** Slider, play and pause of an animation, as Plotly layout. */

import type { Json } from "../figure-parts.ts";

/** `names` are the frames' names; the last one is shown first. */
export function animationControls(
  names: readonly string[],
  frameLabel: string,
  frameMs: number,
): { readonly sliders: Json[]; readonly updatemenus: Json[] } {
  const still = { mode: "immediate", transition: { duration: 0 } };
  const slider = {
    active: names.length - 1,
    x: 0.16,
    len: 0.84,
    y: 0,
    yanchor: "top",
    pad: { t: 56, b: 8 },
    currentvalue: { prefix: `${frameLabel} `, visible: true },
    steps: names.map((name) => ({
      label: name,
      method: "animate",
      args: [[name], { ...still, frame: { duration: 0, redraw: true } }],
    })),
  };
  const play = {
    label: "play",
    method: "animate",
    args: [null, { ...still, fromcurrent: true, frame: { duration: frameMs, redraw: true } }],
  };
  const pause = {
    label: "pause",
    method: "animate",
    args: [[null], { ...still, frame: { duration: 0, redraw: false } }],
  };
  const menu = {
    type: "buttons",
    direction: "left",
    showactive: false,
    x: 0,
    xanchor: "left",
    y: 0,
    yanchor: "top",
    pad: { t: 72, b: 8 },
    buttons: [play, pause],
  };
  return { sliders: [slider], updatemenus: [menu] };
}
