/* SPDX-License-Identifier: Apache-2.0 */
/* The node function of batch.weir.yaml: a batch comes as an array, oldest first, never empty. */
#include "batch.weir.h"

weir_status batch_summary_summarise(weir_firing *firing, const batch_reading *threes,
                                    size_t threes_count, batch_summary *out)
{
    double sum = 0;

    (void)firing;
    out->readings = (uint32_t)threes_count;
    out->lowest = out->highest = threes[0].celsius;
    for (size_t i = 0; i < threes_count; i++) {
        double celsius = threes[i].celsius;
        sum += celsius;
        out->lowest = celsius < out->lowest ? celsius : out->lowest;
        out->highest = celsius > out->highest ? celsius : out->highest;
    }
    out->mean = sum / (double)threes_count;
    return WEIR_OK;
}
