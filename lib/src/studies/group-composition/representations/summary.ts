import type { RepresentationAnalysis, RepresentationMetrics } from "./metrics.ts";

/**
 * The metrics under the names of `summary_metrics.json` in the published code, where x and y are a and b.
 */
export function summaryMetrics(analysis: RepresentationAnalysis): Record<string, number> {
  const { performance, explained, losses } = analysis;
  const out: Record<string, number> = {
    train_loss: performance.loss.train,
    test_loss: performance.loss.test,
    all_loss: performance.loss.all,
    train_acc: performance.accuracy.train,
    test_acc: performance.accuracy.test,
  };
  for (const one of analysis.representations) Object.assign(out, metricsOf(one));
  return {
    ...out,
    percent_logits_explained: explained.logits,
    total_logit_excluded_loss: losses.logitExcluded as number,
    total_logit_restricted_loss: losses.logitRestricted as number,
    total_hidden_excluded_loss: losses.hiddenExcluded,
    total_hidden_restricted_loss: losses.hiddenRestricted,
    test_loss_restricted_loss_ratio: performance.loss.test / losses.hiddenRestricted,
    percent_hidden_explained: explained.hidden,
    percent_hidden_xy_explained: explained.hiddenAB,
    percent_x_embed_explained: explained.embedA,
    percent_y_embed_explained: explained.embedB,
    percent_unembed_explained: explained.unembed,
  };
}

function metricsOf(one: RepresentationMetrics): Record<string, number> {
  const { name, losses, logitSimilarity } = one;
  const ofLogits =
    logitSimilarity === null
      ? {}
      : {
          [`logit_${name}_rep_trace_similarity`]: logitSimilarity,
          [`logit_excluded_loss_${name}_rep`]: losses.logitExcluded as number,
          [`logit_restricted_loss_${name}_rep`]: losses.logitRestricted as number,
        };
  return {
    ...ofLogits,
    [`percent_x_embed_${name}_rep`]: one.embedA,
    [`percent_y_embed_${name}_rep`]: one.embedB,
    [`percent_unembed_${name}_rep`]: one.unembed,
    [`percent_hidden_x_${name}_rep`]: one.hiddenA,
    [`percent_hidden_y_${name}_rep`]: one.hiddenB,
    [`percent_hidden_xy_${name}_rep`]: one.hiddenAB,
    [`total_percent_hidden_${name}_rep`]: one.hiddenA + one.hiddenB + one.hiddenAB,
    [`hidden_excluded_loss_${name}_rep`]: losses.hiddenExcluded,
    [`hidden_restricted_loss_${name}_rep`]: losses.hiddenRestricted,
  };
}
