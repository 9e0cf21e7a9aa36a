// A second implementation, of the structural level: the JSON Schemas of this standard, by ajv.
//
//   node validator.mjs SCHEMAS     answers the adapter protocol on standard input and output
//
// SCHEMAS is the folder `schemas/`. It knows nothing of files, environments and pickles, and says so.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Ajv from "ajv";
import { parseDocument } from "yaml";

const folder = process.argv[2];
const ajv = new Ajv({ strict: false, allErrors: true });
for (const inner of ["", "flavors"]) {
  for (const name of readdirSync(join(folder, inner))) {
    if (!name.endsWith(".schema.json")) continue;
    const { $schema, $id, ...schema } = JSON.parse(readFileSync(join(folder, inner, name), "utf-8"));
    ajv.addSchema(schema, inner ? `${inner}/${name}` : name);
  }
}

// The schema object at a JSON Pointer, and the nearest `x-rules` on the way: which rule a keyword enforces.
function ruleOf(error) {
  const [, name, pointer] = /^(.*?\.schema\.json)?#?(\/.*)?$/.exec(error.schemaPath);
  let node = ajv.getSchema(name ?? error.root)?.schema ?? {};
  const of = (words) => words?.[`${error.keyword}:${error.params.missingProperty}`] ?? words?.[error.keyword];
  let rule = of(node["x-rules"]);
  for (const step of (pointer ?? "").split("/").slice(1, -1)) {
    node = node?.[decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~")];
    rule = of(node?.["x-rules"]) ?? rule;
  }
  return rule;
}

function check(schema, value, file, base = "") {
  const validate = ajv.getSchema(schema);
  if (validate(value)) return [];
  return validate.errors.map((error) => ({
    rule: ruleOf({ ...error, root: schema }),
    file,
    pointer: base + error.instancePath,
    message: error.message,
  }));
}

function validate(model) {
  const path = join(model, "MLmodel");
  if (!existsSync(path)) return { verdict: "invalid" };
  let document;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
    document = parseDocument(text, { version: "1.1", merge: true, maxAliasCount: 1000 });
  } catch {
    return { verdict: "invalid" };
  }
  if (document.errors.length) return { verdict: "invalid" };
  const found = check("mlmodel.schema.json", document.toJS(), "MLmodel");
  // Only errors make a directory invalid; a keyword without a rule of severity error is advice.
  const errors = found.filter((finding) => severities[finding.rule] === "error");
  const findings = errors.map((finding) => ({ ...finding, severity: "error" }));
  return { verdict: errors.length ? "invalid" : "valid", findings };
}

const { rules } = JSON.parse(readFileSync(join(folder, "rules.json"), "utf-8"));
const severities = Object.fromEntries(rules.map((rule) => [rule.id, rule.severity]));

const answers = {
  hello: () => ({
    implementation: { name: "structural", version: "0.1.0", language: `Node.js ${process.versions.node}` },
    roles: ["validator"],
    features: ["structure"],
  }),
  validate: (request) => validate(request.model),
  bye: () => ({}),
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  const answer = answers[request.op]?.(request) ?? { outcome: "unsupported" };
  process.stdout.write(JSON.stringify({ id: request.id, ...answer }) + "\n");
  if (request.op === "bye") process.exit(0);
});
