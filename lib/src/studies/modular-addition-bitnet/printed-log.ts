/** The log printed in Li's notebook, with weight decay 0. */

import type { PrintedLog } from "../shared/modular-arithmetic/training-section.ts";

/** Epoch, train loss before that epoch's update, test loss after it. */
const printed = [
  [99, 2.908867800903007, 5.384417223469513],
  [199, 1.9082372552763511, 5.911050040762759],
  [299, 1.4226051982414765, 6.3801427088020315],
  [399, 1.2139898677038876, 6.856175713242716],
  [499, 0.9311827185862703, 7.154155988761241],
  [599, 0.7926346814811845, 7.406866094158965],
  [699, 0.6328064819476724, 7.656983641108373],
  [799, 0.5386195533025419, 7.85244080546728],
  [899, 0.483151151929906, 7.980981875429242],
  [999, 0.45889368534966607, 8.104028788801582],
  [1099, 0.3857090213262157, 8.087395736664488],
  [1199, 0.4052757432169338, 8.24701438749579],
  [1299, 0.3176503247031622, 8.337920421518396],
  [1399, 0.28707986447098593, 8.297116156439191],
] as const;

export const printedLog: PrintedLog = {
  name: "the notebook",
  trainStep: printed.map(([epoch]) => epoch),
  trainLoss: printed.map(([, train]) => train),
  testStep: printed.map(([epoch]) => epoch + 1),
  testLoss: printed.map(([, , test]) => test),
};
