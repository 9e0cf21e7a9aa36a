//! A third implementation: a validator in Rust, written from the chapters, the rule pages and the schemas.
//!
//!     mlmodel-structural SCHEMAS     answers the adapter protocol on standard input and output
//!
//! It reads documents, paths and lists of requirements.  Serialized objects are not decoded: it looks for names in their
//! bytes, which is what many scanners do, and the suite shows what that misses.

mod pattern;
mod schema;
mod value;
mod yaml;

use schema::Schemas;
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, Write};
use std::path::{Component, Path};
use value::{parse_json, quoted, Value};

struct Finding {
    rule: String,
    file: String,
    pointer: String,
}

struct Validator {
    schemas: Schemas,
    severities: HashMap<String, String>,
}

fn finding(rule: &str, file: &str, pointer: &str) -> Finding {
    Finding { rule: rule.into(), file: file.into(), pointer: pointer.into() }
}

impl Validator {
    fn new(folder: &Path) -> Self {
        let mut files = HashMap::new();
        for inner in ["", "flavors/"] {
            for entry in fs::read_dir(folder.join(inner)).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.ends_with(".schema.json") {
                    let text = fs::read_to_string(entry.path()).unwrap_or_default();
                    files.insert(format!("{inner}{name}"), parse_json(&text).unwrap_or(Value::Null));
                }
            }
        }
        let text = fs::read_to_string(folder.join("rules.json")).unwrap_or_default();
        let rules = parse_json(&text).unwrap_or(Value::Null);
        let pair = |rule: &Value| Some((rule.get("id")?.text()?.to_string(), rule.get("severity")?.text()?.to_string()));
        let severities = rules.get("rules").map_or(&[][..], Value::list).iter().filter_map(pair).collect();
        Validator { schemas: Schemas { files }, severities }
    }

    fn validate(&self, model: &Path) -> Vec<Finding> {
        let mut found = self.mlmodel(model);
        for (name, schema, broken) in [("conda.yaml", "conda.schema.json", "MLM420"), ("python_env.yaml", "python-env.schema.json", "MLM410")] {
            let Ok(bytes) = fs::read(model.join(name)) else { continue };
            if merge_marker(&bytes) {
                found.push(finding("MLM403", name, ""));
                continue;
            }
            match String::from_utf8(bytes).ok().and_then(|text| yaml::parse(&text).ok()) {
                None => found.push(finding(broken, name, "")),
                Some((value, _)) => {
                    let checked = self.schemas.check(schema, &value, "");
                    found.extend(checked.errors.into_iter().map(|error| finding(&error.rule, name, &error.pointer)));
                    let conda = name == "conda.yaml";
                    let lists = if name == "conda.yaml" { vec!["dependencies"] } else { vec!["dependencies", "build_dependencies"] };
                    for list in lists {
                        for (index, item) in value.get(list).map_or(&[][..], Value::list).iter().enumerate() {
                            let place = format!("/{list}/{index}");
                            let lines = if conda { item.get("pip").map_or(&[][..], Value::list) } else { std::slice::from_ref(item) };
                            for (number, line) in lines.iter().enumerate() {
                                let pointer = if conda { format!("{place}/pip/{number}") } else { place.clone() };
                                let fault = line.text().and_then(|line| requirement(line, name));
                                found.extend(fault.map(|fault| finding(&fault.rule, name, &pointer)));
                            }
                        }
                    }
                }
            }
        }
        found.extend(requirements(model, "requirements.txt", 0));
        found.extend(objects(model, model));
        found.retain(|finding| self.severities.contains_key(&finding.rule));
        found
    }

    fn mlmodel(&self, model: &Path) -> Vec<Finding> {
        let path = model.join("MLmodel");
        let Ok(status) = fs::metadata(&path) else { return vec![finding("MLM001", "", "")] };
        if !status.is_file() {
            return vec![finding("MLM002", "MLmodel", "")];
        }
        let bytes = fs::read(&path).unwrap_or_default();
        let Ok(text) = String::from_utf8(bytes) else { return vec![finding("MLM102", "MLmodel", "")] };
        let (value, notes) = match yaml::parse(&text) {
            Ok(parsed) => parsed,
            Err(yaml::Failure::Syntax) => return vec![finding("MLM101", "MLmodel", "")],
            Err(yaml::Failure::SeveralDocuments) => return vec![finding("MLM107", "MLmodel", "")],
        };
        let mut found = Vec::new();
        for (rule, pointers) in [("MLM104", &notes.duplicates), ("MLM106", &notes.tags), ("MLM105", &notes.keys)] {
            found.extend(pointers.iter().map(|pointer| finding(rule, "MLmodel", pointer)));
        }
        let checked = self.schemas.check("mlmodel.schema.json", &value, "");
        found.extend(checked.errors.iter().map(|error| finding(&error.rule, "MLmodel", &error.pointer)));
        let mut absent = Vec::new();
        for path in &checked.paths {
            if let Some(rule) = path_fault(model, &path.text, &path.kind, &path.missing) {
                if rule == "MLM007" {
                    if absent.contains(&&path.text) {
                        continue; // the first key of the document has it
                    }
                    absent.push(&path.text);
                }
                let file = if matches!(rule, "MLM010" | "MLM011") { path.text.as_str() } else { "MLmodel" };
                let pointer = if file == "MLmodel" { path.pointer.as_str() } else { "" };
                found.push(finding(rule, file, pointer));
            }
        }
        if let Some(signature) = value.get("signature") {
            for key in ["inputs", "outputs", "params"] {
                let specs = signature.get(key).and_then(Value::text).and_then(|text| parse_json(text).ok());
                let names: Vec<&Value> = specs.iter().flat_map(|specs| specs.list()).filter_map(|spec| spec.get("name")).collect();
                if let Some(index) = (0..names.len()).find(|index| names[..*index].contains(&names[*index])) {
                    let rule = if key == "params" { "MLM325" } else { "MLM311" };
                    found.push(finding(rule, "MLmodel", &format!("/signature/{key}/{index}/name")));
                }
            }
        }
        if let Some(name) = value.at(&["saved_input_example_info", "artifact_path"]).and_then(Value::text) {
            if let Ok(text) = fs::read_to_string(model.join(name)) {
                if parse_json(text.trim_start_matches('\u{feff}')).is_err() {
                    found.push(finding("MLM504", name, ""));
                }
            }
        }
        found
    }
}

/// The rule that a path in the MLmodel file breaks.
fn path_fault<'a>(model: &Path, text: &str, kind: &str, missing: &'a str) -> Option<&'a str> {
    if kind == "basename" || text.is_empty() {
        return None;
    }
    if text.contains('\\') {
        return Some("MLM006");
    }
    if text.starts_with('/') || text.contains("://") || text.chars().nth(1) == Some(':') {
        return Some("MLM003");
    }
    let mut depth = 0;
    for part in Path::new(text).components() {
        depth += match part {
            Component::ParentDir => -1,
            Component::Normal(_) => 1,
            _ => 0,
        };
        if depth < 0 {
            return Some("MLM004");
        }
    }
    let path = model.join(text);
    if kind == "prefix" && fs::symlink_metadata(&path).is_err() && begins_a_name(&path) {
        return None;
    }
    let (Ok(real), Ok(root)) = (fs::canonicalize(&path), fs::canonicalize(model)) else {
        return Some(if fs::symlink_metadata(&path).is_ok_and(|status| status.is_symlink()) { "MLM005" } else { missing });
    };
    if !real.starts_with(&root) {
        return Some("MLM005");
    }
    let status = fs::metadata(&path).ok()?;
    match (kind, status.is_file(), status.is_dir()) {
        (_, false, false) => Some("MLM009"),
        ("file", _, true) | ("directory", true, _) => Some("MLM008"),
        (_, true, _) if status.len() == 0 && !text.ends_with("__init__.py") => Some("MLM010"),
        (_, true, _) => {
            let content = fs::read(&path).ok()?;
            content.starts_with(b"version https://git-lfs.github.com/spec/").then_some("MLM011")
        }
        _ => None,
    }
}

/// Whether the name of a file beside a path begins as the path ends.
fn begins_a_name(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
    let mut names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.any(|other| other.to_string_lossy().starts_with(name.to_string_lossy().as_ref()))
}

fn merge_marker(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"<<<<<<< ") || line.starts_with(b">>>>>>> "))
}

/// The findings of a list of requirements, and of the lists that it includes.
fn requirements(model: &Path, name: &str, depth: usize) -> Vec<Finding> {
    let Ok(bytes) = fs::read(model.join(name)) else { return Vec::new() };
    if merge_marker(&bytes) {
        return vec![finding("MLM403", name, "")];
    }
    let Ok(text) = String::from_utf8(bytes) else { return vec![finding("MLM402", name, "")] };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace("\\\n", " ");
    let mut found = Vec::new();
    let (mut hashed, mut bare) = (false, false);
    for line in text.lines() {
        let line = line.trim();
        let line = line.find(" #").map_or(line, |end| line[..end].trim_end());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(other) = included(line) {
            let folder = Path::new(name).parent().unwrap_or(Path::new(""));
            let target = folder.join(other).to_string_lossy().replace("/./", "/");
            if other.contains("://") {
                found.push(finding("MLM483", name, ""));
            } else if depth > 8 {
                found.push(finding("MLM446", name, ""));
            } else if !model.join(&target).is_file() {
                found.push(finding("MLM445", name, ""));
            } else {
                found.extend(requirements(model, &target, depth + 1));
            }
            continue;
        }
        hashed |= line.contains("--hash=");
        bare |= !line.contains("--hash=") && !line.starts_with('-');
        found.extend(requirement(line, name));
    }
    if hashed && bare {
        found.push(finding("MLM457", name, ""));
    }
    found
}

fn included(line: &str) -> Option<&str> {
    for option in ["-r", "--requirement", "-c", "--constraint"] {
        if let Some(rest) = line.strip_prefix(option) {
            if rest.starts_with([' ', '=']) || option.len() == 2 {
                return Some(rest.trim_start_matches(['=', ' ']).trim());
            }
        }
    }
    None
}

/// What is wrong with one line.
fn requirement(line: &str, file: &str) -> Option<Finding> {
    let at = |rule: &str| Some(finding(rule, file, ""));
    if line.starts_with("-r") || line.starts_with("-c") || line.starts_with("--requirement") || line.starts_with("--constraint") {
        return None;
    }
    if line.contains("$(") || line.contains('`') || line.contains("&&") || line.contains("| sh") || line.contains('>') && line.contains("; ") && line.contains("curl") {
        return at("MLM450");
    }
    if let Some(rest) = line.split("://").nth(1) {
        let host = rest.split('/').next().unwrap_or("");
        if host.contains('@') && host.split('@').next().is_some_and(|user| user.contains(':')) && !host.contains("${") {
            return at("MLM453");
        }
    }
    if line.starts_with("--index-url http://") || line.starts_with("-i http://") || line.starts_with("--extra-index-url http://") {
        return at("MLM452");
    }
    let local = line.strip_prefix("-e ").or(line.strip_prefix("--editable ")).unwrap_or(line).trim();
    if local.starts_with('/') || local.starts_with("file:") || local.contains("@ file:") {
        return at("MLM444");
    }
    let archive = [".whl", ".tar.gz", ".zip"].iter().any(|ending| line.ends_with(ending));
    if line.starts_with(['-', '.']) || archive {
        return None;
    }
    let name: String = line.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
    let rest = line[name.len()..].trim_start();
    let begins = rest.is_empty() || rest.starts_with(['=', '<', '>', '!', '~', '[', ';', '@', '(', '#']) || rest.starts_with("--");
    let single = rest.starts_with('=') && !rest.starts_with("==");
    if !line.contains("://") && (name.is_empty() || !begins || single) {
        return at("MLM455");
    }
    None
}

/// Names that a pickle calls to run something.
const DENIED: [&[u8]; 22] = [
    b"os\nsystem", b"posix\nsystem", b"nt\nsystem", b"os\npopen", b"subprocess", b"builtins\neval", b"builtins\nexec",
    b"__builtin__\neval", b"runpy", b"pty\nspawn", b"builtins\x94\x8c\x04eval", b"builtins\x94\x8c\x04exec", b"builtins\x8c\x04eval",
    b"builtins\x8c\x04exec", b"\x8c\x06system", b"\x8c\x05popen", b"socket", b"webbrowser", b"importlib", b"shutil\nrmtree", b"ios\nsystem", b"__import__",
];

/// Files of serialized objects that name what is denied; nothing of them is decoded.
fn objects(model: &Path, folder: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            found.extend(objects(model, &path));
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            let pickle = bytes.starts_with(b"\x80") || matches!(path.extension().and_then(|name| name.to_str()), Some("pkl" | "pickle" | "joblib" | "pth" | "pt" | "bin"));
            let named = |name: &&&[u8]| bytes.windows(name.len()).any(|window| window == **name);
            if pickle && DENIED.iter().find(named).is_some() {
                let name = path.strip_prefix(model).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                found.push(finding("MLM601", &name, ""));
            }
        }
    }
    found
}

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "schemas".into());
    let validator = Validator::new(Path::new(&folder));
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(request) = parse_json(&line) else { continue };
        let id = if let Some(Value::Number(id)) = request.get("id") { *id as i64 } else { 0 };
        let op = request.get("op").and_then(Value::text).unwrap_or("");
        let body = match op {
            "hello" => concat!(
                r#","implementation":{"name":"structural-rust","version":""#,
                env!("CARGO_PKG_VERSION"),
                r#"","language":"Rust"},"roles":["validator"],"features":[]"#
            )
            .to_string(),
            "validate" => {
                let model = request.get("model").and_then(Value::text).unwrap_or("");
                let found = validator.validate(Path::new(model));
                let severity = |one: &Finding| validator.severities[&one.rule].as_str();
                let listed: Vec<String> = found
                    .iter()
                    .map(|one| format!(r#"{{"rule":{},"severity":{},"file":{},"pointer":{}}}"#, quoted(&one.rule), quoted(severity(one)), quoted(&one.file), quoted(&one.pointer)))
                    .collect();
                let verdict = if found.iter().any(|one| severity(one) == "error") { "invalid" } else { "valid" };
                format!(r#","verdict":"{verdict}","findings":[{}]"#, listed.join(","))
            }
            "bye" => String::new(),
            _ => r#","outcome":"unsupported""#.to_string(),
        };
        let _ = writeln!(output, r#"{{"id":{id}{body}}}"#);
        let _ = output.flush();
        if op == "bye" {
            break;
        }
    }
}
