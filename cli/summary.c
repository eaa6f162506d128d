/* SPDX-License-Identifier: Apache-2.0 */
/* summary.c - what became of everything, at the end of a run. */
#include <stdio.h>

#include "cli/run.h"

static void print_source(const weir_source_report *source)
{
    const weir_ledger *ledger = &source->ledger;

    fprintf(stderr,
            "source %s: %llu received = %llu fired + %llu kept + %llu filtered + %llu collapsed + "
            "%llu dropped + %llu dead + %llu waiting\n",
            source->name, (unsigned long long)ledger->received, (unsigned long long)ledger->fired,
            (unsigned long long)ledger->kept, (unsigned long long)ledger->filtered,
            (unsigned long long)ledger->collapsed, (unsigned long long)ledger->dropped,
            (unsigned long long)ledger->dead, (unsigned long long)source->waiting);
}

/* One that never fired says why. */
static void print_reactor(const weir_reactor_report *reactor)
{
    const weir_reactor_metrics *metrics = &reactor->metrics;

    fprintf(stderr, "reactor %s: %llu firings, %llu filtered, %llu failed\n", reactor->name,
            (unsigned long long)metrics->fired, (unsigned long long)metrics->filtered,
            (unsigned long long)metrics->failed);
    if (metrics->fired != 0)
        return;
    if (reactor->criteria_missing != NULL)
        fprintf(stderr, "  it never fired: '%s' never gave anything\n", reactor->criteria_missing);
    else if (reactor->missing != NULL)
        fprintf(stderr, "  it never fired: its required input '%s' never had a value\n",
                reactor->missing);
    else if (metrics->filtered != 0)
        fprintf(stderr, "  it never fired: its 'where' was never true\n");
    else
        fprintf(stderr, "  it never fired: its criteria were never true\n");
}

static void print_rate(const weir_report *report, int64_t elapsed_ns)
{
    uint64_t received = 0;

    for (size_t i = 0; i < report->source_count; i++)
        received += report->sources[i].ledger.received;
    fprintf(stderr, "%llu events in %.3f s, %.0f events/s, %llu dead letters\n",
            (unsigned long long)received, (double)elapsed_ns / 1e9,
            (double)received * 1e9 / (double)(elapsed_ns > 0 ? elapsed_ns : 1),
            (unsigned long long)report->dead_letters);
}

void cli_summarise(const cli_arguments *arguments, weir_runtime *runtime, int64_t elapsed_ns)
{
    weir_report *report = NULL;

    if (cli_has(arguments, "--quiet") || weir_runtime_metrics(runtime, &report, NULL) != WEIR_OK)
        return;
    if (report->turns == 0) { /* it did not even start */
        weir_report_free(report);
        return;
    }
    for (size_t i = 0; i < report->source_count; i++)
        print_source(&report->sources[i]);
    for (size_t i = 0; i < report->reactor_count; i++)
        print_reactor(&report->reactors[i]);
    for (size_t i = 0; i < report->graph_count; i++)
        fprintf(stderr, "graph %s: %llu runs, %llu failures\n", report->graphs[i].name,
                (unsigned long long)report->graphs[i].runs,
                (unsigned long long)report->graphs[i].failures);
    print_rate(report, elapsed_ns);
    weir_report_free(report);
}
