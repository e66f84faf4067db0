/** Runs the small study in a process of its own: `node child.ts OUT PARAMS`; tells what it does. */

import { init } from "../../arrays/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { runStudy } from "../run-study.ts";
import { smallStudy } from "./small-study.ts";

const [out = "", params = "{}"] = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const outcome = await runStudy(smallStudy, smallStudy.params.parse(JSON.parse(params)), {
  device: "native",
  backend: async () => {
    await init();
    return nativeBackend();
  },
  out,
  onProgress: (progress) => {
    if (progress.kind === "start") say(`start ${progress.part ?? "main"}`);
    if (progress.kind === "step") say(`step ${progress.step}`);
    if (progress.kind === "message") say(progress.text);
  },
});
say(`done ${JSON.stringify({ loaded: outcome.loaded, resumed: outcome.resumed })}`);
