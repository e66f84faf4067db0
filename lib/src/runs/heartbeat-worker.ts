/** The thread that shows signs of life: it goes on while a long computation keeps the main thread busy. */

import { parentPort } from "node:worker_threads";
import { follow } from "./beat.ts";

parentPort?.on("message", follow);
