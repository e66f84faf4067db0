import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Path of an installed Chromium; undefined where there is none. CHROMIUM names another. */
export const chromiumPath = [
  ...[process.env.CHROMIUM ?? []].flat(),
  ...["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
].find(existsSync);

/** What a suite says that is skipped without it. */
export const chromiumNote = "skipped where there is no Chromium; set CHROMIUM to its path";

/** Chromium without a window. Only call it where `chromiumPath` is defined. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath as string,
    args: ["--no-sandbox", "--disable-gpu"],
  });
}
