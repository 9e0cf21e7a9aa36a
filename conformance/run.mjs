#!/usr/bin/env node
// Runs the conformance suite against an implementation, with Node.js alone: no package, and no Python.
//
//   node run.mjs [options] -- ADAPTER...           a program that speaks the protocol of README.md
//   node run.mjs [options] --oneshot 'TOOL {model}'  a command that ends with 0 for valid, with 1 for invalid
//
// The report is that of `mlmodel conformance run`.  What a writer wrote is judged by the reference
// implementation, so that role needs `mlmodel`.

import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const VERSION = "0.1"; // of the standard that the cases test
const LEVELS = ["none", "verdicts", "rules", "pointers"];
const [NONE, VERDICTS, RULES, POINTERS] = [0, 1, 2, 3];
const OUTCOMES = ["pass", "fail", "error", "skip", "xfail", "xpass"];
const ROLES = { validator: ["validate"], reader: ["describe", "predict"] };
const MAX_TAIL = 2000;
const CRASH =
  /^(Traceback \(most recent call last\):|Exception in thread |Unhandled exception|panic: |thread '.*' panicked|Uncaught |node:internal\/|fatal error: )/m;
const USAGE = `usage: node run.mjs [options] -- ADAPTER...
       node run.mjs [options] --oneshot 'TOOL {model}'

  --role validator|reader            what it is asked as [validator]
  --level verdicts|rules|pointers    what must be right [as far as it says it goes]
  --run GLOB                         only the cases whose id matches; may be repeated
  --xfail FILE                       globs of cases that are known to fail, one a line
  --jobs N                           processes of the implementation [1]
  --timeout SECONDS                  for one answer [10]
  --format text|json                 the report [text]
  --suite DIR                        another folder with cases

Exit status: 0 the claim holds; 1 it does not; 2 wrong usage; 3 the implementation could not be started.`;

class AdapterError extends Error {} // it crashed, hung or answered rubbish; never a rejection
class NotMade extends Error {} // this system cannot make the directory

// -- cases ---------------------------------------------------------------------------------------

function readCase(folder) {
  const raw = JSON.parse(fs.readFileSync(path.join(folder, "case.json"), "utf-8"));
  return { setup: [], features: [], origin: "hand", ...raw, folder };
}

function allCases(suite) {
  let top = path.join(suite, "cases");
  if (!fs.existsSync(top)) top = suite;
  const found = [];
  const walk = (folder) => {
    if (fs.existsSync(path.join(folder, "case.json"))) return void found.push(readCase(folder));
    for (const entry of fs.readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) walk(path.join(folder, entry.name));
  };
  walk(top);
  if (!found.length) usage(`there are no cases below ${top}`);
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function globOf(glob) {
  const pattern = glob.replace(/[.+^${}()|\\]/g, "\\$&").replace(/\*/g, "[^]*").replace(/\?/g, "[^]").replace(/\[!/g, "[^");
  const expression = new RegExp(`^(?:${pattern})$`);
  return (id) => expression.test(id);
}

function materialise(found, target) {
  if (found.base) {
    const root = found.folder.slice(0, -path.join(...found.id.split("/")).length);
    materialise(readCase(path.join(root, ...found.base.split("/"))), target);
  } else fs.mkdirSync(target);
  const model = path.join(found.folder, "model");
  const copy = (from, to) => {
    fs.mkdirSync(to, { recursive: true });
    for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
      const [one, other] = [path.join(from, entry.name), path.join(to, entry.name)];
      if (entry.isDirectory()) copy(one, other);
      else {
        fs.copyFileSync(one, other);
        fs.chmodSync(other, 0o644);
      }
    }
  };
  if (fs.existsSync(model)) copy(model, target);
  for (const step of found.setup) {
    const file = path.join(target, ...step.path.split("/"));
    fs.mkdirSync(path.dirname(file), { recursive: true });
    if (step.do === "symlink") fs.symlinkSync(step.target, file);
    else if (step.do === "mkdir") fs.mkdirSync(file, { recursive: true });
    else if (step.do === "fifo") {
      if (spawnSync("mkfifo", [file]).status !== 0) throw new Error("no FIFO can be made");
    } else if (step.do === "remove") fs.rmSync(file, { recursive: true });
    else if (step.do === "write")
      fs.writeFileSync(file, "text" in step ? step.text : Buffer.from(step.content, "base64"));
    else fs.chmodSync(file, parseInt(step.mode, 8));
  }
  return target;
}

function listing(folder) {
  const found = [];
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    const status = fs.lstatSync(file, { bigint: true });
    found.push(`${file}\0${status.size}\0${status.mtimeNs}`);
    if (entry.isDirectory()) found.push(...listing(file));
  }
  return found.sort();
}

// What the case shares a weight with: its first rule; without rules its area, with the release that saved it.
function subjectOf(found) {
  if (found.rules.length) return found.rules[0];
  const area = found.id.split("/")[0];
  return found.origin.startsWith("mlflow ") ? `${area}, ${found.origin}` : area;
}

// Whether what is right for a role is to find something wrong, and not to accept.
function isRefusal(found, role) {
  if (role === "validator") return found.expect.validate.verdict !== "valid";
  if (found.expect.describe?.outcome === "reject") return true;
  return "predict" in found.expect && found.expect.predict.every((item) => !("output" in item));
}

function needs(found, role) {
  const asked = found.expect.validate ?? {};
  const looks = role === "validator" && !("load" in asked) && !("targets" in asked);
  return looks ? [] : found.features;
}

// -- implementations -----------------------------------------------------------------------------

function lastLines(text) {
  const lines = text.slice(-MAX_TAIL).split(/\r?\n/).map((line) => line.trimEnd()).filter(Boolean);
  if (!lines.length) return "";
  return lines.length === 1 ? `: ${lines[0]}` : `:\n    ${lines.slice(-6).join("\n    ")}`;
}

// A process that answers JSON lines; started when it is first asked, and again after it failed.
class Adapter {
  constructor(command, timeout, variables) {
    Object.assign(this, { command, timeout, variables, process: null, count: 0, noise: 0, tail: "" });
  }

  async hello() {
    const reply = await this.ask("hello", { protocol: 1 });
    const about = isObject(reply.implementation) ? reply.implementation : {};
    const texts = (value) => (Array.isArray(value) ? value.filter((item) => typeof item === "string") : []);
    return {
      name: String(about.name ?? this.command[0]),
      version: String(about.version ?? ""),
      language: String(about.language ?? ""),
      roles: texts(reply.roles),
      features: texts(reply.features),
    };
  }

  ask(op, rest) {
    if (!this.process) this.start();
    const id = ++this.count;
    const { timeout } = this;
    return new Promise((resolve, reject) => {
      let others = 0;
      const timer = setTimeout(() => {
        const noise = others ? `, but ${this.noise.toLocaleString("en-US")} other lines` : "";
        fail(`no answer within ${timeout} seconds${noise}`);
      }, timeout * 1000);
      const fail = (reason) => {
        clearTimeout(timer);
        this.waiting = null;
        const child = this.process;
        this.process = null;
        const code = child?.exitCode;
        child?.kill("SIGKILL");
        reject(new AdapterError(`${reason}${code == null ? "" : ` (exit ${code})`}${lastLines(this.tail)}`));
      };
      this.waiting = {
        line: (line) => {
          let reply;
          try {
            reply = JSON.parse(line);
          } catch {
            reply = null;
          }
          if (!isObject(reply) || reply.id !== id) {
            this.noise += 1;
            others += 1;
            return;
          }
          clearTimeout(timer);
          this.waiting = null;
          resolve(reply);
        },
        fail,
      };
      this.process.stdin.write(JSON.stringify({ id, op, ...rest }) + "\n");
    });
  }

  start() {
    this.tail = "";
    const child = spawn(this.command[0], this.command.slice(1), { env: { ...process.env, ...this.variables } });
    this.process = child;
    let rest = "";
    child.stdout.setEncoding("utf-8").on("data", (chunk) => {
      if (this.process !== child) return;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      for (const line of lines) this.waiting ? this.waiting.line(line) : (this.noise += 1);
    });
    child.stderr.setEncoding("utf-8").on("data", (chunk) => (this.tail = (this.tail + chunk).slice(-MAX_TAIL)));
    child.stdin.on("error", () => {}); // what ended is told by "close"
    child.on("error", (error) => {
      if (this.process === child) this.waiting?.fail(`${this.command[0]} cannot be started: ${error.code}`);
    });
    child.on("close", () => {
      if (this.process === child) this.waiting ? this.waiting.fail("it ended without an answer") : (this.process = null);
    });
  }

  async close() {
    if (!this.process) return;
    try {
      await this.ask("bye", {});
    } catch {
      return;
    }
    const child = this.process;
    if (!child) return;
    child.stdin.end();
    await new Promise((resolve) => {
      const timer = setTimeout(() => child.kill("SIGKILL"), 1000);
      child.on("exit", () => (clearTimeout(timer), resolve()));
      if (child.exitCode !== null) clearTimeout(timer), resolve();
    });
  }
}

// Whether a word names a program, by its path or on PATH.
function isProgram(word) {
  const endings = process.platform === "win32" ? ["", ".exe", ".cmd", ".bat"] : [""];
  const folders = word.includes("/") || word.includes(path.sep) ? [""] : (process.env.PATH ?? "").split(path.delimiter);
  return folders.some((folder) => endings.some((ending) => fs.existsSync(path.join(folder, word + ending))));
}

// A command with {model} in it: exit 0 is valid, 1 is invalid, everything else an error.
class Command {
  constructor(command, timeout, variables) {
    Object.assign(this, { command, timeout, variables, noise: 0 });
  }

  async hello() {
    if (!isProgram(this.command[0]))
      throw new AdapterError(`${this.command[0]} cannot be started: there is no such program`);
    return { name: this.command[0], version: "", language: "", roles: ["validator"], features: [] };
  }

  ask(op, rest) {
    const [program, ...words] = this.command.map((part) => part.replaceAll("{model}", rest.model));
    return new Promise((resolve, reject) => {
      const options = { env: { ...process.env, ...this.variables }, stdio: ["ignore", "ignore", "pipe"] };
      const child = spawn(program, words, options);
      let tail = "";
      let late = false;
      const timer = setTimeout(() => ((late = true), child.kill("SIGKILL")), this.timeout * 1000);
      child.stderr.setEncoding("utf-8").on("data", (chunk) => (tail = (tail + chunk).slice(-MAX_TAIL)));
      child.on("error", (error) => {
        clearTimeout(timer);
        reject(new AdapterError(`${program} cannot be started: ${error.code}`));
      });
      child.on("close", (code, signal) => {
        clearTimeout(timer);
        const exit = code ?? -os.constants.signals[signal];
        if (late) reject(new AdapterError(`no answer within ${this.timeout} seconds`));
        else if (exit !== 0 && exit !== 1) reject(new AdapterError(`exit ${exit}${lastLines(tail)}`));
        else if (exit === 1 && CRASH.test(tail)) reject(new AdapterError(`it crashed, with exit 1${lastLines(tail)}`));
        else resolve({ verdict: exit ? "invalid" : "valid" });
      });
    });
  }

  async close() {}
}

// -- comparing -----------------------------------------------------------------------------------

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

// A JSON value as the reference implementation shows it.
function shown(value) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([key, item]) => `${shown(key)}: ${shown(item)}`).join(", ")}}`;
  return String(value);
}

const where = (file, pointer) => `${file || "the directory"}${pointer ? `#${pointer}` : ""}`;
const findingText = (item) => `${item.rule} at ${where(item.file, item.pointer)}`;
const sorted = (values) => [...values].sort();

function expectedOf(found, role) {
  if (role === "validator") {
    const { verdict, findings, forbidden = [] } = found.expect.validate;
    return [verdict, ...findings.map(findingText), ...forbidden.map((rule) => `not ${rule}`)];
  }
  const described = found.expect.describe ? [found.expect.describe.outcome] : [];
  return [...described, ...(found.expect.predict ?? []).map((item) => ("output" in item ? "ok" : "reject"))];
}

function ofValidation(expected, reply) {
  const { verdict } = reply;
  if (!["valid", "invalid", "unjudged"].includes(verdict))
    throw new AdapterError(`the verdict is ${shown(verdict)}, none of valid, invalid and unjudged`);
  const findings = reply.findings ?? null;
  const errors = (Array.isArray(findings) ? findings : []).filter((item) => isObject(item) && (item.severity ?? "error") === "error");
  const found = [verdict, ...errors.map(findingText)];
  if (verdict !== expected.verdict)
    return { level: NONE, reason: `the verdict is ${verdict}, not ${expected.verdict}`, found };
  if (findings === null) return { level: VERDICTS, reason: "no findings are given", found };
  if (!Array.isArray(findings) || !findings.every(isObject)) throw new AdapterError("findings is no list of objects");
  const wanted = new Set(expected.findings.map((item) => item.rule));
  const reported = new Set(findings.map((item) => String(item.rule)));
  const wrong = new Set(errors.map((item) => String(item.rule)));
  const missing = sorted([...wanted].filter((rule) => !reported.has(rule)));
  if (missing.length)
    return { level: VERDICTS, reason: `${missing.join(", ")} is not reported; reported: ${sorted(reported).join(", ") || "nothing"}`, found };
  const forbidden = sorted((expected.forbidden ?? []).filter((rule) => reported.has(rule)));
  if (forbidden.length) return { level: VERDICTS, reason: `${forbidden.join(", ")} must not be reported`, found };
  const more = sorted([...wrong].filter((rule) => !wanted.has(rule)));
  if (more.length) return { level: VERDICTS, reason: `${more.join(", ")} is an error that is not expected`, found };
  for (const item of expected.findings) {
    const same = findings.filter((other) => other.rule === item.rule);
    if (!same.some((other) => (other.file || null) === (item.file ?? null) && (other.pointer || null) === (item.pointer ?? null))) {
      const others = sorted(new Set(same.map((other) => where(other.file, other.pointer))));
      const place = where(item.file, item.pointer);
      return { level: RULES, reason: `${item.rule} is not reported at ${place}, but at ${others.join(", ")}`, found };
    }
  }
  return { level: POINTERS, reason: "", found };
}

function outcomeOf(reply) {
  if (!["ok", "reject"].includes(reply.outcome))
    throw new AdapterError(`the outcome is ${shown(reply.outcome)}, neither ok nor reject`);
  return reply.outcome;
}

function ofDescription(expected, reply) {
  const outcome = outcomeOf(reply);
  const found = [outcome];
  if (outcome !== expected.outcome) return { level: NONE, reason: `the outcome is ${outcome}, not ${expected.outcome}`, found };
  if (outcome === "reject") return { level: POINTERS, reason: "", found };
  if (!isObject(reply.value)) throw new AdapterError("value is no object");
  const other = difference(comparable(expected.value), comparable(reply.value), "", 0);
  return other === null ? { level: POINTERS, reason: "", found } : { level: NONE, reason: other, found };
}

// A description whose unread things are the names of their files: the reasons are for people.
function comparable(value) {
  if (!Array.isArray(value.unread)) return value;
  return { ...value, unread: sorted(new Set(value.unread.filter(isObject).map((item) => String(item.file)))) };
}

function ofPrediction(expected, reply) {
  const outcome = outcomeOf(reply);
  const wanted = "output" in expected ? "ok" : "reject";
  if (outcome !== wanted) {
    const reason = "reason" in reply ? `: ${reply.reason}` : "";
    return { level: NONE, reason: `the outcome is ${outcome}, not ${wanted}${reason}`, found: [] };
  }
  if (outcome === "reject") return { level: POINTERS, reason: "", found: [] };
  if (!("output" in reply)) throw new AdapterError("there is no output");
  const other = difference(expected.output, reply.output, "", expected.tolerance ?? 1e-6);
  return other === null ? { level: POINTERS, reason: "", found: [] } : { level: NONE, reason: other, found: [] };
}

// Where two JSON values differ first, null where they are equal; numbers are those of 64 bits.
function difference(expected, found, pointer, tolerance) {
  const place = pointer || "/";
  if (typeof expected === "number" && typeof found === "number") {
    const near = Math.abs(expected - found) <= Math.max(tolerance * Math.max(Math.abs(expected), Math.abs(found)), tolerance);
    return expected === found || near ? null : `${place} is ${found}, not ${expected}`;
  }
  if (isObject(expected) && isObject(found)) {
    for (const key of sorted(new Set([...Object.keys(expected), ...Object.keys(found)]))) {
      const inner = `${pointer}/${key}`;
      if (!(key in found)) return `${inner} is missing`;
      if (!(key in expected)) return `${inner} is not expected`;
      const other = difference(expected[key], found[key], inner, tolerance);
      if (other !== null) return other;
    }
    return null;
  }
  if (Array.isArray(expected) && Array.isArray(found)) {
    if (expected.length !== found.length) return `${place} has ${found.length} items, not ${expected.length}`;
    for (const index of expected.keys()) {
      const other = difference(expected[index], found[index], `${pointer}/${index}`, tolerance);
      if (other !== null) return other;
    }
    return null;
  }
  const short = (value) => (shown(value).length <= 80 ? shown(value) : shown(value).slice(0, 77) + "...");
  return expected === found ? null : `${place} is ${short(found)}, not ${short(expected)}`;
}

// -- running -------------------------------------------------------------------------------------

async function judged(found, adapter, folder, role) {
  let model;
  try {
    model = materialise(found, path.join(folder, "model"));
  } catch (error) {
    throw new NotMade(error.message);
  }
  if (role === "validator") {
    const before = listing(model).join("\n");
    const { load, targets } = found.expect.validate;
    const reply = await adapter.ask("validate", { model, ...(load && { load }), ...(targets && { targets }) });
    if (reply.outcome === "unsupported") return null;
    if (listing(model).join("\n") !== before) return { level: NONE, reason: "it changed the model directory", found: [] };
    return ofValidation(found.expect.validate, reply);
  }
  let worst = { level: POINTERS, reason: "", found: [] };
  const note = (one) => {
    if (one.level < worst.level || (one.level === worst.level && one.reason < worst.reason)) worst = one;
  };
  if (found.expect.describe) {
    const reply = await adapter.ask("describe", { model });
    if (reply.outcome === "unsupported") return null;
    worst = ofDescription(found.expect.describe, reply);
  }
  for (const expected of found.expect.predict ?? []) {
    const reply = await adapter.ask("predict", { model, input: expected.input });
    if (reply.outcome === "unsupported") return null;
    note(ofPrediction(expected, reply));
  }
  return worst;
}

async function one(found, adapter, folder, canary, options, features) {
  const start = performance.now();
  const { noise } = adapter;
  const result = (outcome, level, reason, more = {}) => {
    if (options.known.some((matches) => matches(found.id)))
      outcome = { pass: "xpass", skip: "skip" }[outcome] ?? "xfail";
    return {
      case: found.id,
      role: options.role,
      outcome,
      level,
      reason,
      rules: found.rules,
      seconds: (performance.now() - start) / 1000,
      noise: adapter.noise - noise,
      lacks: [],
      title: found.title,
      section: found.section,
      subject: subjectOf(found),
      refusal: isRefusal(found, options.role),
      expected: expectedOf(found, options.role),
      found: [],
      ...more,
    };
  };
  const lacks = sorted(needs(found, options.role).filter((feature) => !features.includes(feature)));
  if (lacks.length) return result("skip", NONE, `it has not: ${lacks.join(", ")}`, { lacks });
  fs.mkdirSync(folder);
  let answer;
  try {
    answer = await judged(found, adapter, folder, options.role);
  } catch (error) {
    if (error instanceof NotMade) return result("skip", NONE, `this system cannot make the case: ${error.message}`);
    if (error instanceof AdapterError) return result("error", NONE, error.message);
    throw error;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  if (answer === null) return result("skip", NONE, "it says that it cannot");
  if (fs.existsSync(canary)) {
    fs.rmSync(canary);
    if (options.role === "validator") return result("fail", NONE, "it ran code of the model", { found: answer.found });
  }
  return result(answer.level >= options.level ? "pass" : "fail", answer.level, answer.reason, { found: answer.found });
}

async function run(cases, make, options, features) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "mlmodel-conformance-"));
  const results = new Array(cases.length);
  let next = 0;
  const worker = async (number) => {
    const canary = path.join(scratch, `canary-${number}`);
    const adapter = make({ MLMODEL_CANARY: canary });
    while (next < cases.length) {
      const index = next++;
      results[index] = await one(cases[index], adapter, path.join(scratch, String(index)), canary, options, features);
      if (process.stderr.isTTY) process.stderr.write(`\r${index + 1} of ${cases.length}`);
    }
    await adapter.close();
  };
  try {
    await Promise.all(Array.from({ length: options.jobs }, (_, number) => worker(number)));
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
    if (process.stderr.isTTY) process.stderr.write("\r" + " ".repeat(30) + "\r");
  }
  return results;
}

// -- reports -------------------------------------------------------------------------------------

function weightsOf(results) {
  const count = new Map();
  const key = (result) => `${result.refusal}\0${result.subject}`;
  for (const result of results) count.set(key(result), (count.get(key(result)) ?? 0) + 1);
  return new Map(results.map((result) => [result.case, 1 / count.get(key(result))]));
}

// Weighted shares: every rule counts the same, and so do what must be refused and what must be accepted.
function balance(results, level) {
  const weight = weightsOf(results);
  const share = (refusal) => {
    const those = results.filter((result) => result.refusal === refusal);
    const sum = (some) => some.reduce((total, result) => total + weight.get(result.case), 0);
    return those.length ? sum(those.filter((result) => result.level >= level)) / sum(those) : null;
  };
  const [found, accepted] = [share(true), share(false)];
  return { found, accepted, score: found === null || accepted === null ? null : (found + accepted) / 2 };
}

const rounded = (number, digits) => (number === null ? null : Number(number.toFixed(digits)));

function report(about, options, results, seconds, tool) {
  const asked = results.filter((result) => !result.lacks.length);
  const weight = weightsOf(asked);
  const shares = (some, level) =>
    Object.fromEntries(Object.entries(balance(some, level)).map(([name, share]) => [name, rounded(share, 6)]));
  const sections = sorted(new Set(asked.map((result) => result.section)));
  const rules = sorted(new Set(results.flatMap((result) => result.rules)));
  const passed = (result) => ["pass", "xpass"].includes(result.outcome);
  const levels = [VERDICTS, RULES, POINTERS];
  return {
    report_version: 1,
    suite: { version: VERSION, tool },
    implementation: { name: about.name, version: about.version, language: about.language },
    level: LEVELS[options.level],
    holds: asked.length > 0 && asked.every((result) => result.outcome === "pass"),
    without: sorted(new Set(results.flatMap((result) => result.lacks))),
    seconds: rounded(seconds, 3),
    totals: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, results.filter((result) => result.outcome === outcome).length])),
    levels: Object.fromEntries(levels.map((level) => [LEVELS[level], results.filter((result) => result.level >= level).length])),
    balanced: Object.fromEntries(levels.map((level) => [LEVELS[level], shares(asked, level)])),
    chapters: Object.fromEntries(
      sections.map((section) => [section, shares(asked.filter((result) => result.section === section), options.level)]),
    ),
    by_rule: Object.fromEntries(
      rules.map((rule) => {
        const those = results.filter((result) => result.rules.includes(rule));
        return [rule, { passed: those.filter(passed).length, cases: those.length }];
      }),
    ),
    results: results.map((result) => ({
      case: result.case,
      title: result.title,
      section: result.section,
      rules: result.rules,
      weight: rounded(weight.get(result.case) ?? 0, 6),
      role: result.role,
      outcome: result.outcome,
      level: LEVELS[result.level],
      reason: result.reason,
      ...(["pass", "skip"].includes(result.outcome) ? {} : { expected: result.expected, found: result.found }),
      seconds: rounded(result.seconds, 4),
      noise: result.noise,
    })),
  };
}

const percent = (share) => (share === null ? "-" : `${Math.floor(share * 1000 + 1e-6) / 10} %`);

function text(data, results) {
  const asked = results.filter((result) => !result.lacks.length);
  const lines = asked
    .filter((result) => result.outcome !== "pass")
    .map((result) => `${result.outcome.padEnd(5)} ${result.case}: ${result.reason}\n      ${result.title}`);
  const about = [data.implementation.name, data.implementation.version].filter(Boolean).join(" ");
  lines.push(`${about}: ${results.length} cases in ${data.seconds.toFixed(1)} s`);
  lines.push(Object.entries(data.totals).filter(([, count]) => count).map(([outcome, count]) => `${count} ${outcome}`).join(", "));
  for (const [level, count] of Object.entries(data.levels))
    lines.push(`  ${level.padEnd(9)} ${count} of ${asked.length}${asked.length && count === asked.length ? " - complete" : ""}`);
  const rows = [...Object.entries(data.balanced), ...Object.entries(data.chapters)];
  const width = Math.max(...rows.map(([name]) => name.length));
  const row = (name, cells) => `  ${name.padEnd(width)}  ${cells[0].padStart(7)}  ${cells[1].padStart(8)}  ${cells[2].padStart(7)}`;
  lines.push("", row("balanced", ["found", "accepted", "score"]));
  for (const [name, { found, accepted, score }] of rows) lines.push(row(name, [found, accepted, score].map(percent)));
  const limits = data.without.length ? `, without ${data.without.join(", ")}` : "";
  lines.push("", `the claim at level ${data.level}${limits} ${data.holds ? "holds" : "does not hold"}`);
  return lines.join("\n") + "\n";
}

// -- command line --------------------------------------------------------------------------------

function usage(message) {
  process.stderr.write(`Error: ${message}\n\n${USAGE}\n`);
  process.exit(2);
}

// Words as a shell reads them: blanks divide, quotes hold together.
function words(line) {
  const found = [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map((match) => match[0]);
  if (found.join("").length !== line.replace(/\s+(?=(?:[^'"]|'[^']*'|"[^"]*")*$)/g, "").length) usage("--oneshot: No closing quotation");
  return found.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, (_, one, two) => one ?? two));
}

function parse(argv) {
  const options = { role: "validator", runs: [], jobs: 1, timeout: 10, format: "text", suite: HERE };
  const rest = [...argv];
  while (rest.length && rest[0].startsWith("-")) {
    const option = rest.shift();
    if (option === "--") break;
    if (option === "--help" || option === "-h") return void (console.log(USAGE), process.exit(0));
    const name = { "--role": "role", "--level": "level", "--run": "runs", "--xfail": "xfail", "--jobs": "jobs", "-j": "jobs", "--timeout": "timeout", "--format": "format", "--suite": "suite", "--oneshot": "oneshot" }[option];
    if (!name) usage(`no such option: ${option}`);
    if (!rest.length) usage(`${option} needs a value`);
    const value = rest.shift();
    if (name === "runs") options.runs.push(value);
    else options[name] = ["jobs", "timeout"].includes(name) ? Number(value) : value;
  }
  if (!ROLES[options.role]) usage(`--role: ${options.role} is none of ${Object.keys(ROLES).join(", ")}; writers are judged by mlmodel`);
  if (options.level && !LEVELS.slice(1).includes(options.level)) usage(`--level: ${options.level} is none of ${LEVELS.slice(1).join(", ")}`);
  if (!["text", "json"].includes(options.format)) usage(`--format: ${options.format} is neither text nor json`);
  if (!(options.jobs >= 1) || !(options.timeout > 0)) usage("--jobs and --timeout are numbers above 0");
  if (Boolean(rest.length) === Boolean(options.oneshot)) usage("name either an ADAPTER or --oneshot COMMAND");
  if (options.oneshot && !options.oneshot.includes("{model}")) usage("--oneshot has no {model}, which stands for the directory");
  return { ...options, adapter: rest };
}

async function main() {
  const options = parse(process.argv.slice(2));
  const every = allCases(options.suite);
  const globs = options.runs.map(globOf);
  const cases = every.filter(
    (found) => ROLES[options.role].some((key) => key in found.expect) && (!globs.length || globs.some((matches) => matches(found.id))),
  );
  if (!cases.length) usage("no case is left");
  const known = options.xfail
    ? fs.readFileSync(options.xfail, "utf-8").split("\n").map((line) => line.split("#")[0].trim()).filter(Boolean)
    : [];
  for (const glob of known)
    if (!every.some((found) => globOf(glob)(found.id))) process.stderr.write(`Note: --xfail ${glob} matches no case\n`);
  const command = options.oneshot ? words(options.oneshot) : options.adapter;
  const make = (variables) => new (options.oneshot ? Command : Adapter)(command, options.timeout, variables);
  let about;
  try {
    const first = make({});
    about = await first.hello();
    await first.close();
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    process.stderr.write(`Error: ${error.message}\n`);
    process.exit(3);
  }
  if (!about.roles.includes(options.role)) usage(`${about.name} says that it is no ${options.role}`);
  const { features } = about;
  const claimed = options.role === "reader" || features.includes("pointers") ? "pointers" : features.includes("rules") ? "rules" : "verdicts";
  const settings = { ...options, level: LEVELS.indexOf(options.level ?? claimed), known: known.map(globOf) };
  const start = performance.now();
  const results = await run(cases, make, settings, features);
  const index = path.join(options.suite, "index.json");
  const tool = fs.existsSync(index) ? JSON.parse(fs.readFileSync(index, "utf-8")).suite.tool : "";
  const data = report(about, settings, results, (performance.now() - start) / 1000, tool);
  process.stdout.write(options.format === "json" ? JSON.stringify(data, null, 2) + "\n" : text(data, results));
  const good = known.length ? ["pass", "xfail"] : ["pass"];
  const asked = results.filter((result) => !result.lacks.length);
  process.exitCode = asked.length && asked.every((result) => good.includes(result.outcome)) ? 0 : 1;
}

await main();
