// Asks ajv what it thinks of instances: node ajv_check.mjs FOLDER < question > answer
//
// FOLDER holds node_modules with ajv.
// question: {"schemas": {name: schema}, "cases": [[reference, instance], ...]}
// answer: {"draft-07": [true, ...], "2020-12": [true, ...]}, one verdict for each case

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const require = createRequire(resolve(process.argv[2], "ajv_check.mjs"));
const engines = {
  "draft-07": require("ajv").default,
  "2020-12": require("ajv/dist/2020").default,
};

function verdicts(Engine, { schemas, cases }) {
  const ajv = new Engine({ strict: false });
  for (const [name, { $schema, ...schema }] of Object.entries(schemas)) {
    ajv.addSchema(schema, name);
  }
  const compiled = new Map();
  return cases.map(([reference, instance]) => {
    if (!compiled.has(reference)) compiled.set(reference, ajv.compile({ $ref: reference }));
    return compiled.get(reference)(instance);
  });
}

const question = JSON.parse(readFileSync(0, "utf-8"));
const answer = Object.fromEntries(
  Object.entries(engines).map(([draft, Engine]) => [draft, verdicts(Engine, question)]),
);
process.stdout.write(JSON.stringify(answer));
