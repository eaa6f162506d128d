/* SPDX-License-Identifier: Apache-2.0 */
/* nodes.cpp - a node function in C++: the generated header declares it with C linkage. */
#include <numeric>

#include "sensor.weir.h"

weir_status sensor_mean_average(weir_firing *, const sensor_reading *fours, size_t fours_count,
                                sensor_mean *out)
{
    double sum = std::accumulate(
        fours, fours + fours_count, 0.0,
        [](double so_far, const sensor_reading &reading) { return so_far + reading.celsius; });

    out->celsius = sum / static_cast<double>(fours_count);
    out->readings = static_cast<uint32_t>(fours_count);
    return WEIR_OK;
}
