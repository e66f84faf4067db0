/** Runs in a page with drawn figures: what stands where, and what is written. */

/**
 * For each figure, what does not stand at its ticks: a row, column, point or bar more than 2 pixels away. The
 * functions inside belong to it, since its text is sent to the page.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: its whole text is sent to the page
export function misplaced(places: readonly Element[]): string[][] {
  type Axis = { _id: string; type: string; _length: number };
  type Trace = {
    type: string;
    xaxis: string;
    yaxis: string;
    x: unknown[];
    y: unknown[];
    visible: boolean;
  };
  const middle = (box: DOMRect, letter: string) =>
    letter === "x" ? (box.left + box.right) / 2 : (box.top + box.bottom) / 2;

  /** Text and pixel of each tick of an axis. */
  const ticksOf = (place: Element, id: string): [string, number][] =>
    [...place.querySelectorAll(`.${id}tick text`)].map((tick) => {
      const text = (tick.textContent ?? "").replaceAll("\u200b", "").replaceAll("−", "-");
      return [text, middle(tick.getBoundingClientRect(), id[0] as string)];
    });

  /** Pixel of a number, by the first and last tick of a linear axis. */
  const pixelOf = (ticks: [string, number][], value: number): number => {
    const at = ticks.map(([text, pixel]) => [Number(text.replaceAll(",", "")), pixel] as const);
    const [first, last] = [at[0], at.at(-1)];
    if (first === undefined || last === undefined || first[0] === last[0]) return Number.NaN;
    return first[1] + ((value - first[0]) / (last[0] - first[0])) * (last[1] - first[1]);
  };

  const heatProblems = (place: Element, trace: Trace, letter: "x" | "y"): string[] => {
    const image = place.querySelector(`.subplot.${trace.xaxis}${trace.yaxis} .heatmaplayer image`);
    if (image === null) return ["no heat map is drawn"];
    const box = image.getBoundingClientRect();
    const labels = [...trace[letter]].map((label) => String(label).replaceAll("\u200b", ""));
    const [start, length] = letter === "x" ? [box.left, box.width] : [box.top, box.height];
    return ticksOf(place, trace[`${letter}axis`]).flatMap(([text, pixel]) => {
      const indices = labels.flatMap((label, i) => (label === text ? [i] : []));
      const far = indices.map((i) =>
        Math.abs(start + ((i + 0.5) / labels.length) * length - pixel),
      );
      const distance = Math.round(Math.min(...far));
      return distance <= 2 ? [] : [`${letter} label "${text}" is ${distance} pixels from its row`];
    });
  };

  /** The pixel and the value of the first thing that a trace draws. */
  const firstOf = (place: Element, trace: Trace, n: number, letter: "x" | "y") => {
    const data = Reflect.get(place, "calcdata")[n] as {
      x: number;
      y: number;
      p: number;
      s: number;
    }[];
    const name = trace.type === "bar" ? "barlayer" : "scatterlayer";
    const group = [...place.querySelectorAll(`.${name} .trace`)].find(
      (one) => (Reflect.get(one, "__data__") as { trace: unknown }[])[0]?.trace === trace,
    );
    if (trace.type === "bar") {
      const box = group?.querySelector(".point path")?.getBoundingClientRect();
      if (!box) return undefined;
      return letter === "x" ? [middle(box, "x"), data[0]?.p] : [box.top, data[0]?.s];
    }
    const dot = group?.querySelector(".points path.point")?.getBoundingClientRect();
    if (dot) return [middle(dot, letter), data[0]?.[letter]];
    const path = group?.querySelector("path.js-line") as SVGPathElement | null;
    if (!path) return undefined;
    const start = path.getPointAtLength(0).matrixTransform(path.getScreenCTM() as DOMMatrix);
    return [start[letter], data[0]?.[letter]];
  };

  const pointProblems = (place: Element, trace: Trace, n: number, letter: "x" | "y"): string[] => {
    const layout = Reflect.get(place, "_fullLayout") as Record<string, Axis>;
    const axis = layout[trace[`${letter}axis`].replace(letter, `${letter}axis`)];
    const ticks = ticksOf(place, trace[`${letter}axis`]);
    if (axis?.type !== "linear" || ticks.length < 2) return [];
    const [pixel, value] = firstOf(place, trace, n, letter) ?? [];
    if (pixel === undefined || value === undefined) return [`trace ${n} is not drawn`];
    const distance = Math.round(Math.abs(pixel - pixelOf(ticks, value)));
    return distance <= 2 ? [] : [`${letter} of trace ${n} is ${distance} pixels from its value`];
  };

  return places.map((place) => {
    const traces = Reflect.get(place, "_fullData") as Trace[];
    return traces.flatMap((trace, n) =>
      (["x", "y"] as const).flatMap((letter) =>
        trace.type === "heatmap"
          ? heatProblems(place, trace, letter)
          : pointProblems(place, trace, n, letter),
      ),
    );
  });
}

/** Every text of each figure. */
export function texts(places: readonly Element[]): string[][] {
  return places.map((place) =>
    [...place.querySelectorAll("text")].map((one) =>
      (one.textContent ?? "").replaceAll("\u200b", ""),
    ),
  );
}
