/**
 * ONNX Runtime's builds for Linux and macOS send telemetry (a device id, the operating system, facts of
 * each session) unless this environment variable is set when the runtime starts.
 */

const variable = "ORT_DISABLE_TELEMETRY";

/** Whether ONNX Runtime's telemetry is off in this process, as far as its environment says. */
export function telemetryIsOff(): boolean {
  const value = process.env[variable] ?? "";
  return value !== "" && value !== "0" && value.toLowerCase() !== "false";
}

/** How long the main thread may take to answer, in ms. */
const patience = 2000;

/**
 * Switch ONNX Runtime's telemetry off; must finish before the runtime is loaded. A value that is
 * already set (`0` allows telemetry) is kept. In a worker thread of Node, whose `process.env` is only a
 * copy, the variable is set on the main thread. Throws `Error` when that is not possible.
 */
export async function switchTelemetryOff(): Promise<void> {
  const isSet = (process.env[variable] ?? "") !== "";
  process.env[variable] ||= "1";
  const { isMainThread } = process.getBuiltinModule("node:worker_threads");
  if (!isMainThread && process.versions.deno === undefined) await setOnMainThread(isSet);
}

/** `isSet`: the worker was given the variable, so the main thread most likely has it too. */
async function setOnMainThread(isSet: boolean): Promise<void> {
  try {
    await evaluateOnMainThread(`process.env.${variable} ||= "1"`);
  } catch (cause) {
    if (isSet) return;
    throw new Error(
      `its telemetry cannot be switched off in this worker thread; set ${variable}=1 before Node starts`,
      { cause },
    );
  }
}

async function evaluateOnMainThread(expression: string): Promise<void> {
  const { Session } = process.getBuiltinModule("node:inspector/promises");
  const session = new Session();
  session.connectToMainThread();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the main thread does not answer")), patience);
  });
  try {
    await Promise.race([session.post("Runtime.evaluate", { expression }), late]);
  } finally {
    clearTimeout(timer);
    session.disconnect();
  }
}
