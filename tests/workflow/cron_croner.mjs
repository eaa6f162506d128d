// SPDX-License-Identifier: Apache-2.0
// The answers of croner: reads lines {"expr","zone","from","n"} and writes {"next":[seconds]} or {"error"};
// cron_croner.mjs FOLDER, where it is installed.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { Cron } = createRequire(`${process.argv[2]}/`)("croner");

function answer({ expr, zone, from, n }) {
    try {
        const job = new Cron(expr, { timezone: zone, paused: true });
        return { next: job.nextRuns(n, new Date(from)).map((at) => at.getTime() / 1000) };
    } catch (error) {
        return { error: String(error.message) };
    }
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(answer(JSON.parse(line))));
