/** The one place that decides whether text is colored. */

import type { Context, Output } from "./context.ts";

/**
 * Whether to color what goes to `output`. `--no-color` comes first, then FORCE_COLOR (`0` and `false`
 * mean no), then NO_COLOR (anything but nothing means no); else a terminal that is not dumb has colors.
 */
export function hasColor(
  output: Output,
  { env, noColor }: Pick<Context, "env" | "noColor">,
): boolean {
  if (noColor) return false;
  const { FORCE_COLOR: force, NO_COLOR: none = "", TERM } = env;
  if (force !== undefined) return force !== "0" && force.toLowerCase() !== "false";
  if (none !== "") return false;
  return output.isTTY === true && TERM !== "dumb";
}
