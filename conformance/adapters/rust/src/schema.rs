//! JSON Schema, draft-07, as far as the schemas of the standard use it; each error names its rule by `x-rules`.

use crate::pattern;
use crate::value::Value;
use std::collections::HashMap;

pub struct Found {
    pub rule: String,
    pub pointer: String,
}

/// A value that is a path in the model, by `x-path`.
pub struct PathValue {
    pub pointer: String,
    pub text: String,
    pub kind: String,
    pub missing: String,
}

#[derive(Default)]
pub struct Outcome {
    pub errors: Vec<Found>,
    pub paths: Vec<PathValue>,
}

pub struct Schemas {
    pub files: HashMap<String, Value>,
}

struct Place<'a> {
    file: &'a str,
    pointer: String,
    /// The `x-rules` on the way, the nearest last.
    rules: Vec<&'a Value>,
}

impl Schemas {
    pub fn check(&self, file: &str, value: &Value, pointer: &str) -> Outcome {
        let mut found = Outcome::default();
        if let Some((file, schema)) = self.files.get_key_value(file) {
            let place = Place { file, pointer: pointer.to_string(), rules: Vec::new() };
            self.walk(schema, value, &place, &mut found);
        }
        found
    }

    fn holds<'a>(&'a self, schema: &'a Value, value: &Value, place: &Place<'a>) -> bool {
        let mut inner = Outcome::default();
        let place = Place { file: place.file, pointer: place.pointer.clone(), rules: place.rules.clone() };
        self.walk(schema, value, &place, &mut inner);
        inner.errors.is_empty()
    }

    fn walk<'a>(&'a self, schema: &'a Value, value: &Value, outer: &Place<'a>, found: &mut Outcome) {
        if let Some(reference) = schema.get("$ref").and_then(Value::text) {
            let (name, fragment) = reference.split_once('#').unwrap_or((reference, ""));
            let folder = outer.file.rfind('/').map_or("", |end| &outer.file[..=end]);
            let file = if name.is_empty() { outer.file.to_string() } else { normal(&format!("{folder}{name}")) };
            let Some((file, root)) = self.files.get_key_value(&file) else { return };
            let keys: Vec<&str> = fragment.split('/').skip(1).collect();
            if let Some(target) = root.at(&keys) {
                let place = Place { file, pointer: outer.pointer.clone(), rules: outer.rules.clone() };
                self.walk(target, value, &place, found);
            }
            return;
        }
        if *schema == Value::Bool(false) {
            return self.fail("false", outer, value, found);
        }
        let mut rules = outer.rules.clone();
        rules.extend(schema.get("x-rules"));
        let place = Place { file: outer.file, pointer: outer.pointer.clone(), rules };
        let at = |key: &str| Place { file: place.file, pointer: format!("{}/{}", place.pointer, escaped(key)), rules: place.rules.clone() };

        if let (Some(kind), Some(text)) = (schema.get("x-path").and_then(Value::text), value.text()) {
            let missing = rule_of(&place, "x-path").unwrap_or("MLM007").to_string();
            found.paths.push(PathValue { pointer: place.pointer.clone(), text: text.to_string(), kind: kind.to_string(), missing });
        }
        for (keyword, wanted) in schema.entries() {
            let right = match keyword.as_str() {
                "type" => match wanted {
                    Value::Text(name) => has_type(value, name),
                    _ => wanted.list().iter().any(|name| has_type(value, name.text().unwrap_or(""))),
                },
                "enum" => wanted.list().contains(value),
                "const" => wanted == value,
                "pattern" => value.text().is_none_or(|text| pattern::matches(wanted.text().unwrap_or(""), text)),
                "minLength" => value.text().is_none_or(|text| text.chars().count() as f64 >= number(wanted)),
                "minimum" => if let Value::Number(found) = value { *found >= number(wanted) } else { true },
                "minItems" => !matches!(value, Value::List(_)) || value.list().len() as f64 >= number(wanted),
                "minProperties" => !matches!(value, Value::Map(_)) || value.entries().len() as f64 >= number(wanted),
                "uniqueItems" => {
                    let items = value.list();
                    items.iter().enumerate().all(|(index, item)| !items[..index].contains(item))
                }
                "contains" => !matches!(value, Value::List(_)) || value.list().iter().any(|item| self.holds(wanted, item, &place)),
                "not" => !self.holds(wanted, value, &place),
                "anyOf" => wanted.list().iter().any(|one| self.holds(one, value, &place)),
                "oneOf" => wanted.list().iter().filter(|one| self.holds(one, value, &place)).count() == 1,
                "required" if matches!(value, Value::Map(_)) => {
                    for key in wanted.list().iter().filter_map(Value::text) {
                        if value.get(key).is_none() {
                            self.fail(&format!("required:{key}"), &place, value, found);
                        }
                    }
                    true
                }
                "allOf" => {
                    for one in wanted.list() {
                        self.walk(one, value, &place, found);
                    }
                    true
                }
                "if" => {
                    let branch = if self.holds(wanted, value, &place) { "then" } else { "else" };
                    if let Some(schema) = schema.get(branch) {
                        self.walk(schema, value, &place, found);
                    }
                    true
                }
                "items" => {
                    for (index, item) in value.list().iter().enumerate() {
                        let schema = if let Value::List(several) = wanted { several.get(index) } else { Some(wanted) };
                        if let Some(schema) = schema {
                            self.walk(schema, item, &at(&index.to_string()), found);
                        }
                    }
                    true
                }
                "properties" => {
                    for (key, item) in value.entries() {
                        if let Some(schema) = wanted.get(key) {
                            self.walk(schema, item, &at(key), found);
                        }
                    }
                    true
                }
                "patternProperties" => {
                    for (key, item) in value.entries() {
                        for (pattern, schema) in wanted.entries() {
                            if pattern::matches(pattern, key) {
                                self.walk(schema, item, &at(key), found);
                            }
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    for (key, item) in value.entries() {
                        let known = schema.get("properties").and_then(|names| names.get(key)).is_some()
                            || schema.get("patternProperties").is_some_and(|names| names.entries().iter().any(|(pattern, _)| pattern::matches(pattern, key)));
                        if known {
                            continue;
                        }
                        if *wanted == Value::Bool(false) {
                            self.fail("additionalProperties", &place, item, found); // at the object that has the key
                        } else {
                            self.walk(wanted, item, &at(key), found);
                        }
                    }
                    true
                }
                "x-content-schema" => {
                    if let Some(text) = value.text() {
                        match crate::value::parse_json(text) {
                            Ok(content) => {
                                let inner = self.check(wanted.text().unwrap_or(""), &content, &place.pointer);
                                found.errors.extend(inner.errors);
                            }
                            Err(_) => found.errors.push(Found { rule: "MLM304".into(), pointer: place.pointer.clone() }),
                        }
                    }
                    true
                }
                _ => true,
            };
            if !right {
                self.fail(keyword, &place, value, found);
            }
        }
    }

    fn fail(&self, keyword: &str, place: &Place, value: &Value, found: &mut Outcome) {
        let mut words = vec![keyword.to_string()];
        if keyword == "type" {
            if value.is_scalar() {
                words.insert(0, "type:scalar".into());
            }
            if *value == Value::Null {
                words.insert(0, "type:null".into());
            }
        } else if let Some((short, _)) = keyword.split_once(':') {
            words.push(short.to_string());
        }
        // The nearest table that names the keyword decides, and in it the longer word.
        let rule = place.rules.iter().rev().find_map(|table| words.iter().find_map(|word| table.get(word)));
        let rule = rule.and_then(Value::text).unwrap_or("").to_string();
        found.errors.push(Found { rule, pointer: place.pointer.clone() });
    }
}

fn rule_of<'a>(place: &Place<'a>, keyword: &str) -> Option<&'a str> {
    place.rules.iter().rev().find_map(|table| table.get(keyword)).and_then(Value::text)
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn number(value: &Value) -> f64 {
    if let Value::Number(number) = value { *number } else { 0.0 }
}

fn has_type(value: &Value, name: &str) -> bool {
    match (name, value) {
        ("null", Value::Null) | ("boolean", Value::Bool(_)) | ("string", Value::Text(_)) => true,
        ("number", Value::Number(_)) | ("array", Value::List(_)) | ("object", Value::Map(_)) => true,
        ("integer", Value::Number(number)) => number.fract() == 0.0,
        _ => false,
    }
}
