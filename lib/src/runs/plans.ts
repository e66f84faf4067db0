/** What a study trains, and what of it is finished. */

import type { AnyPlan, Study } from "../lab/index.ts";
import { checkPlan, checkSize, withoutModelErrors } from "./plan-of.ts";
import { type FolderTraining, finishedTraining, trainingFolder } from "./training-folder.ts";

/** Plans by name; `model` is the study's own. */
export type Plans = Readonly<Record<string, AnyPlan>>;

/** Finished trainings by the names of their plans. */
export type Trainings = ReadonlyMap<string, FolderTraining>;

/** The plans of a study. Throws `InputError` for those that cannot be trained. */
export function checkedPlans(study: Study, params: unknown): Plans {
  const plans = withoutModelErrors(study.name, () => {
    checkSize(study.name, study.size(params));
    return study.plans(params);
  });
  for (const plan of Object.values(plans)) checkPlan(study.name, plan);
  return plans;
}

/** The trainings of plans in `out`, all of them finished; undefined when one is not. */
export async function finishedTrainings(out: string, plans: Plans): Promise<Trainings | undefined> {
  const trainings = new Map<string, FolderTraining>();
  for (const [name, plan] of Object.entries(plans)) {
    const found = await finishedTraining(await trainingFolder(out, plan), plan);
    if (found === undefined) return undefined;
    trainings.set(name, found);
  }
  return trainings;
}
