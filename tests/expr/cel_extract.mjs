// SPDX-License-Identifier: Apache-2.0
// cel_extract.mjs - takes from CEL's conformance tests those that lie in weir's part of CEL.
//
//   npm pack @bufbuild/cel-spec && tar xzf bufbuild-cel-spec-*.tgz
//   cp package/dist/esm/testdata/conformance.js conformance.mjs
//   node cel_extract.mjs conformance.mjs
//
// writes cel_cases.inc (the cases) and cel_left_out.md (what is left out, and why) beside itself.
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const { tests } = await import(pathToFileURL(resolve(process.argv[2])));

const suites = {
  bindings_ext: "extension: bindings", block_ext: "extension: blocks",
  encoders_ext: "extension: encoders", math_ext: "extension: math", optionals: "extension: optionals",
  proto2_ext: "extension: proto2", string_ext: "extension: strings", network_ext: "extension: network",
  macros: "macros", macros2: "macros", dynamic: "messages and dynamic values",
  proto2: "messages", proto3: "messages", wrappers: "messages", namespace: "namespaces",
  type_deductions: "types of CEL's own checker", enums: "protobuf enums",
};

const patterns = [
  [/\.(all|exists|exists_one|map|filter)\(/, "macros"],
  [/TestAllTypes|\bgoogle\.|GlobalEnum|NestedEnum/, "messages"],
  [/\bdyn\(/, "dynamic values"],
  [/\btype\(/, "types as values"],
  [/(^|[^A-Za-z0-9_.])(null|null_type|bool|int|uint|double|string|bytes|list|map|type)\s*($|==|!=)/, "null, and types as values"],
  [/\0/, "text with the character zero"],
  [/[bB][rR]?(['"]).*\1 \+ [bB]['"]/, "joining bytes"],
  [/\bmatches\(/, "regular expressions"],
  [/\.get[A-Z]\w*\(/, "parts of timestamps and durations"],
  [/\{/, "maps and messages"],
];

// Cases that differ knowingly, by name.
const known = [
  [/^logic\/(AND|OR)\/(error_left|short_circuit_error_right)$/, "logic goes left to right and stops: an error on the left is one"],
  [/^logic\/(AND|OR)\/short_circuit_type_|^logic\/conditional\/mixed_type$|elem_in_mixed_type_list(_cross_type)?$|unbound_is_runtime_error$|^parse\/receiver_function_names\//,
    "types and names are checked before anything runs"],
  [/^parse\/string_literals\/(single|double|triple_\w+)_quoted_(octal|lower_x|upper_x|lower_u|upper_u)_escapes$/, "a string cannot hold the character zero"],
];

const isListLiteral = (text) => {
  const bare = text.replace(/(['"])(\\.|(?!\1).)*\1/g, "s").replace(/\bin\s*\[[^\[\]]*\]/g, "in L");
  return /\[/.test(bare);
};

const scalar = { boolValue: "BOOL", int64Value: "INT", uint64Value: "UINT", doubleValue: "DOUBLE", stringValue: "STRING",
  bytesValue: "BYTES" };

function reason(path, test) {
  if (suites[path[0]]) return suites[path[0]];
  for (const [pattern, why] of patterns) if (pattern.test(test.expr)) return why;
  const id = [...path, test.name].join("/");
  for (const [pattern, why] of known) if (pattern.test(id)) return why;
  if (/timestamp\(['"](0001|9999|0000)-/.test(test.expr)) return "timestamps beyond 64 bits of nanoseconds (1678 to 2261)";
  if (test.checkOnly || test.typedResult) return "types of CEL's own checker";
  if (isListLiteral(test.expr)) return "list literals outside of `in`";
  const names = Object.keys(test.bindings ?? {});
  if (names.length > 1 || names.some((n) => !/^[a-z]$/.test(n) || !scalar[Object.keys(test.bindings[n].value)[0]]))
    return "variables that are no scalars";
  if (test.container) return "namespaces";
  const kind = test.value && Object.keys(test.value)[0];
  if (kind && !scalar[kind]) return "values that are no scalars";
  if (test.name.includes("error") && !test.evalError && !test.value) return "no expected value";
  return null;
}

const quote = (text) => '"' + [...Buffer.from(text)].map((b) =>
  b === 34 || b === 92 ? "\\" + String.fromCharCode(b)
  : b < 32 || b > 126 || b === 63 ? "\\" + b.toString(8).padStart(3, "0")
  : String.fromCharCode(b)).join("") + '"';

function expected(test) {
  if (test.evalError) return ["ERROR", ""];
  if (!test.value) return ["BOOL", "true"];
  const [kind, value] = Object.entries(test.value)[0];
  if (kind === "bytesValue") return ["BYTES", Buffer.from(value, "base64").toString("hex")];
  return [scalar[kind], String(value)];
}

const rows = [], left = {};
const walk = (suite, path) => {
  for (const child of suite.suites ?? []) walk(child, [...path, child.name]);
  for (const { original: test } of suite.tests ?? []) {
    const why = reason(path, test);
    if (why !== null) {
      left[why] = (left[why] ?? 0) + 1;
      continue;
    }
    const [kind, value] = expected(test);
    const [name, bound] = Object.entries(test.bindings ?? {})[0] ?? ["", null];
    const [boundKind, boundValue] = bound ? Object.entries(bound.value)[0] : [null, ""];
    rows.push(`CEL(${quote([...path, test.name].join("/"))}, ${quote(test.expr)}, ${kind}, ` +
      `${quote(value)}, ${quote(name)}, ${boundKind ? scalar[boundKind] : "ERROR"}, ${quote(String(boundValue))})`);
  }
};
walk(tests, []);

const here = dirname(fileURLToPath(import.meta.url));
const license = "Copyright 2024-2026 Buf Technologies, Inc. and the CEL authors, Apache-2.0";
writeFileSync(join(here, "cel_cases.inc"),
  `/* SPDX-License-Identifier: Apache-2.0 */\n/* Written by cel_extract.mjs from @bufbuild/cel-spec 0.6.1 (${license}):\n` +
  ` * name, expression, expected kind and value, variable, its kind and value. */\n/* clang-format off */\n${rows.join("\n")}\n`);
const total = Object.values(left).reduce((a, b) => a + b, 0);
writeFileSync(join(here, "cel_left_out.md"),
  `# CEL's conformance tests: what is left out\n\nOf ${rows.length + total} cases of @bufbuild/cel-spec 0.6.1, ` +
  `${rows.length} are in cel_cases.inc. The others, by reason:\n\n| reason | cases |\n| --- | --- |\n` +
  Object.entries(left).sort((a, b) => b[1] - a[1]).map(([why, n]) => `| ${why} | ${n} |`).join("\n") + "\n");
console.log(rows.length, total, left);
