/** Runs the small study in a process of its own: `node child.ts OUT PARAMS`; tells what it does. */

import { runSmall } from "./small-run.ts";

const [out = "", params = "{}"] = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const outcome = await runSmall(out, JSON.parse(params), {
  onProgress: (progress) => {
    if (progress.kind === "start") say(`start ${progress.part ?? "main"}`);
    if (progress.kind === "step") say(`step ${progress.step}`);
    if (progress.kind === "message") say(progress.text);
  },
});
say(`done ${JSON.stringify({ loaded: outcome.loaded, resumed: outcome.resumed })}`);
