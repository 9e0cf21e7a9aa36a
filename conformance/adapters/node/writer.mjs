// A writer of models from code, with nothing but Node.js: `node writer.mjs`.
//
// It copies a Python file into a directory, and writes around it what MLflow 3.17 wants to find there.

import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";

const RELEASE = "3.17.2";
const PYTHON = "3.11.7";

// JSON is YAML, but for numbers such as 1e-9: in YAML 1.1 they need a point, and a sign in the exponent.
function number(value) {
  const [mantissa, exponent] = String(value).split("e");
  if (exponent === undefined) return mantissa;
  return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}e${exponent.replace(/^(?=\d)/, "+")}`;
}

function yaml(value) {
  if (typeof value === "number") return number(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(yaml).join(", ")}]`;
  return `{${Object.keys(value).map((key) => `${JSON.stringify(key)}: ${yaml(value[key])}`).join(", ")}}`;
}

// One key a line at the top, so that the file can be read.
const document = (value) => Object.keys(value).map((key) => `${key}: ${yaml(value[key])}\n`).join("");

function spec({ name, dtype, shape, ...rest }) {
  const named = name === null ? {} : { name };
  if (rest.type === "tensor") return { ...named, ...rest, "tensor-spec": { dtype, shape } };
  return "default" in rest ? { ...named, ...rest, shape } : { ...named, ...rest };
}

function files(request) {
  const requirements = [`mlflow==${RELEASE}`, ...(request.requirements ?? [])];
  const code = basename(request.model.file);
  const model = {
    flavors: {
      python_function: {
        env: { conda: "conda.yaml", virtualenv: "python_env.yaml" },
        loader_module: "mlflow.pyfunc.model",
        model_code_path: code,
        python_model: code,
        python_version: PYTHON,
      },
    },
    mlflow_version: RELEASE,
  };
  const found = {
    "requirements.txt": requirements.map((line) => `${line}\n`).join(""),
    "python_env.yaml": document({
      python: PYTHON,
      build_dependencies: ["pip", "setuptools", "wheel"],
      dependencies: ["-r requirements.txt"],
    }),
    "conda.yaml": document({
      name: "mlflow-env",
      channels: ["conda-forge"],
      dependencies: [`python=${PYTHON}`, "pip", { pip: requirements }],
    }),
  };
  if (request.example) {
    const split = request.example.dataframe_split;
    model.saved_input_example_info = {
      artifact_path: "input_example.json",
      serving_input_path: "serving_input_example.json",
      ...(split ? { type: "dataframe", pandas_orient: "split" } : { type: "ndarray" }),
    };
    found["input_example.json"] = JSON.stringify(split ?? request.example.inputs);
    found["serving_input_example.json"] = JSON.stringify(request.example);
  }
  if (request.metadata) model.metadata = request.metadata;
  if (request.signature) {
    model.signature = {};
    for (const [section, specs] of Object.entries(request.signature))
      model.signature[section] = JSON.stringify(specs.map(spec));
  }
  return { ...found, MLmodel: document(model) };
}

function write({ request, given, target }) {
  if (request.model.kind !== "python-code") return { outcome: "unsupported" };
  if (existsSync(target)) return { outcome: "reject", reason: "there is something already" };
  const beside = join(dirname(target), `.${basename(target)}.${process.pid}`); // it appears whole, or not at all
  mkdirSync(beside);
  for (const [name, text] of Object.entries(files(request))) writeFileSync(join(beside, name), text);
  copyFileSync(join(given, request.model.file), join(beside, basename(request.model.file)));
  renameSync(beside, target);
  return { outcome: "ok" };
}

const answers = {
  hello: () => ({
    implementation: { name: "from-code", version: "0.1.0", language: `JavaScript, Node ${process.versions.node}` },
    roles: ["writer"],
    features: ["python-code"],
  }),
  write,
  bye: () => ({}),
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  const answer = answers[request.op]?.(request) ?? { outcome: "unsupported" };
  console.log(JSON.stringify({ id: request.id, ...answer }));
  if (request.op === "bye") process.exit(0);
});
