/** Pages opened in Chromium: which scripts run, what is loaded, what the content policy says. */

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";

export interface Page {
  readonly label: string;
  readonly html: string;
  /**
   * What the console must be free of: everything in a page as it is, complaints of the content policy in
   * one with escaped payloads (a figure may not be able to draw them), nothing where payloads stand by force.
   */
  readonly free: "everything" | "policy" | "nothing";
}

/** What was found; all but `pages` should be 0. */
export interface Opened {
  readonly pages: number;
  /** Pages on which the script of a payload ran. */
  readonly scripts: number;
  readonly requests: number;
  /** Messages in the console of pages that should have none, and figures that were not drawn. */
  readonly complaints: number;
}

/** Path of Chromium, or undefined where there is none; the environment variable CHROMIUM comes first. */
export function chromiumPath(): string | undefined {
  return [process.env.CHROMIUM ?? []]
    .flat()
    .concat("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
    .find((path) => existsSync(path));
}

/** Open each page, scroll through it until every figure is drawn, and count what happened. */
export async function openPages(
  executablePath: string,
  folder: string,
  pages: readonly Page[],
  log: (line: string) => void,
): Promise<Opened> {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const total = { pages: 0, scripts: 0, requests: 0, complaints: 0 };
  try {
    for (const page of pages) {
      const found = await openPage(browser, join(folder, `page-${total.pages}.html`), page);
      for (const line of found.lines) log(`${page.label}: ${line}`);
      total.pages++;
      total.scripts += found.scripts;
      total.requests += found.requests;
      total.complaints += found.complaints;
    }
  } finally {
    await browser.close();
  }
  return total;
}

async function openPage(browser: Browser, path: string, { html, free }: Page) {
  writeFileSync(path, html);
  const page = await browser.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => {
    if (!/^(file|data|blob|about):/.test(request.url())) requests.push(request.url());
  });
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(pathToFileURL(path).href);
  await page.$$eval("details", (all) => {
    for (const folded of all) folded.open = true;
  });
  await page.$$eval(".explore [hidden]", (all) => {
    for (const part of all) part.removeAttribute("hidden");
  });
  const ids = await page.$$eval("figure[data-figure]", (all) => all.map(({ id }) => id));
  for (const id of ids) {
    await page.locator(`[id="${id}"]`).scrollIntoViewIfNeeded();
    await page.waitForSelector(`[id="${id}"][data-state]`, { timeout: 120_000 });
  }
  const undrawn = await page.$$eval("figure[data-state=failed]", (all) => all.length);
  const failed = free === "everything" ? undrawn : 0;
  const pwned = await page.evaluate(() => "pwned" in globalThis);
  await page.close();
  const told = complaints.filter(
    (text) => free === "everything" || (free === "policy" && text.includes("Security Policy")),
  );
  const lines = [
    ...(pwned ? ["a payload's script ran"] : []),
    ...requests.map((url) => `requested ${url}`),
    ...told,
    ...(failed > 0 ? [`${failed} figures were not drawn`] : []),
  ];
  return {
    lines,
    scripts: Number(pwned),
    requests: requests.length,
    complaints: told.length + failed,
  };
}
