// SPDX-License-Identifier: Apache-2.0
// kafkajs and msgpackr, as their users have them: the same rows as interop.py's.
//
// CLIENTS=FOLDER node interop.mjs BROKERS write TOPIC gzip|snappy|none
// CLIENTS=FOLDER node interop.mjs BROKERS read TOPIC
// CLIENTS=FOLDER node interop.mjs BROKERS undefined TOPIC     one row whose `note` is undefined
import { createRequire } from "node:module";
const require = createRequire(process.env.CLIENTS + "/");
const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = require("kafkajs");
const { pack, unpack } = require("msgpackr");
CompressionCodecs[CompressionTypes.Snappy] = require("kafkajs-snappy");

const [brokers, verb, topic, codec] = process.argv.slice(2);
const kafka = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.ERROR });

// msgpackr writes 3 for 3.0, a float for integers beyond 32 bits unless they are BigInts, a Date as the
// timestamp extension, a Buffer as binary, and leaves out what is not there.
const rows = [
  { k: "a", n: 0, x: 3.0, yes: true, big: 0, at: new Date(0), raw: Buffer.from(""), list: [] },
  { k: "b", n: -1, x: 0.1, yes: false, big: 2 ** 31, at: new Date(1700000000123), raw: Buffer.from([0, 255]), note: "é✓", list: [1, -2] },
  { k: "a", n: 2n ** 53n + 1n, x: 1e300, yes: true, big: 2n ** 64n - 1n, at: new Date(1700000000000), raw: Buffer.from("12345678"),
    note: "", list: [2 ** 31 - 1] },
  { k: "b", n: -(2n ** 63n), x: -2.5, yes: false, big: 2n ** 63n, at: new Date(4102444800001), raw: Buffer.from("x"), note: null,
    list: [0, 0, 0, 0] },
];

async function write(some, compression) {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, compression, messages: some.map((row) => ({ key: row.k, value: pack(row) })) });
  await producer.disconnect();
}

function text(value) {
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString("base64"));
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && Math.abs(value) >= 1e21) return value.toString().replace("e+", "e");
  return Array.isArray(value) ? `[${value.map(text)}]` : JSON.stringify(value);
}

async function read() {
  const admin = kafka.admin();
  await admin.connect();
  const [{ high }] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const consumer = kafka.consumer({ groupId: `interop-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise((done, failed) => {
    const eachMessage = async ({ message }) => {
      const row = unpack(message.value);
      if (message.key.toString() !== row.k) failed(new Error("a wrong key"));
      console.log(`{${Object.entries(row).map(([name, value]) => `"${name}":${text(value)}`)}}`);
      if (BigInt(message.offset) + 1n === BigInt(high)) done();
    };
    consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error));
    consumer.run({ eachMessage });
  });
  await consumer.disconnect();
}

const codecs = { gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, none: CompressionTypes.None };
if (verb === "write") await write(rows, codecs[codec]);
else if (verb === "undefined") await write([{ ...rows[0], note: undefined }], codecs.none);
else await read();
