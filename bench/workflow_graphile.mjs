// SPDX-License-Identifier: Apache-2.0
// The side of graphile-worker in `postgres_tasks`: workflow_graphile.mjs URL FOLDER, where it is installed.
// Of each line of standard input it takes a number, adds so many jobs that do nothing, 32 of which run at
// once, and answers the seconds that it took.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [url, folder] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { Logger, makeWorkerUtils, runOnce } = require("graphile-worker");
const { Pool } = require("pg");

const IN_FLIGHT = 32;
const logger = new Logger(() => () => {});
const pgPool = new Pool({ connectionString: url, max: IN_FLIGHT + 2 });
pgPool.on("error", () => {});
pgPool.on("connect", (client) => client.on("error", () => {}));
const utils = await makeWorkerUtils({ pgPool, logger });
await utils.migrate();

const ADD = `SELECT count(*) FROM graphile_worker.add_jobs((SELECT array_agg(json_populate_record(
    NULL::graphile_worker.job_spec, '{"identifier":"nothing","payload":{}}')) FROM generate_series(1, $1)))`;

const LEFT = "SELECT count(*)::int AS left FROM graphile_worker.jobs";

async function run(count) {
    const began = process.hrtime.bigint();
    await pgPool.query(ADD, [count]);
    do {
        await runOnce({
            pgPool, logger, concurrency: IN_FLIGHT, noHandleSignals: true, taskList: { nothing: async () => {} },
        });
    } while ((await pgPool.query(LEFT)).rows[0].left !== 0);
    return Number(process.hrtime.bigint() - began) / 1e9;
}

for await (const line of createInterface({ input: process.stdin })) console.log(await run(Number(line)));
await utils.release();
await pgPool.end();
