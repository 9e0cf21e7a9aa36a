//! YAML 1.1 as chapter 20 of the standard describes it: the part that MLflow's files use.
//!
//! One document; mappings, sequences, scalars in every style, anchors, aliases and merge keys.

use crate::value::Value;

/// What is wrong with a document that has a value nevertheless.
#[derive(Default)]
pub struct Notes {
    /// JSON Pointers of mappings with a key that stands twice.
    pub duplicates: Vec<String>,
    /// JSON Pointers of values with a tag outside of JSON's types.
    pub tags: Vec<String>,
    /// JSON Pointers of keys that are no strings.
    pub keys: Vec<String>,
}

pub enum Failure {
    Syntax,
    SeveralDocuments,
}

struct Line {
    indent: usize,
    text: Vec<char>,
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    anchors: Vec<(String, Value)>,
    notes: Notes,
    depth: usize,
}

type Parsed<T> = Result<T, Failure>;

pub fn parse(text: &str) -> Parsed<(Value, Notes)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut body = Vec::new();
    let mut documents = 0;
    let mut ended = false;
    for line in text.lines() {
        let marker = line == "---" || line.starts_with("--- ");
        if marker {
            let blank = body.iter().all(|line: &String| line.trim().is_empty() || line.trim_start().starts_with('#'));
            documents += 1;
            if documents > 1 || !blank {
                return Err(Failure::SeveralDocuments);
            }
            ended = false;
            body.push(line[3..].to_string());
        } else if line == "..." {
            ended = true;
        } else if line.starts_with('%') && documents == 0 {
            continue;
        } else if ended && !line.trim().is_empty() && !line.starts_with('#') {
            return Err(Failure::SeveralDocuments);
        } else if !ended {
            body.push(line.to_string());
        }
    }
    if text.chars().any(|c| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}')) {
        return Err(Failure::Syntax);
    }
    let mut parser = Parser {
        chars: (body.join("\n") + "\n").chars().collect(),
        at: 0,
        anchors: Vec::new(),
        notes: Notes::default(),
        depth: 0,
    };
    parser.skip()?;
    if parser.at >= parser.chars.len() {
        return Ok((Value::Null, parser.notes));
    }
    let indent = parser.column() as isize;
    let value = parser.node(indent - 1, indent, "", false)?;
    parser.skip()?;
    if parser.at < parser.chars.len() {
        return Err(Failure::Syntax);
    }
    Ok((value, parser.notes))
}

impl Parser {
    fn peek(&self) -> char {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> char {
        *self.chars.get(self.at + count).unwrap_or(&'\0')
    }

    fn column(&self) -> usize {
        let mut start = self.at;
        while start > 0 && self.chars[start - 1] != '\n' {
            start -= 1;
        }
        self.at - start
    }

    /// Whether only blanks stand before this place in its line.
    fn first(&self) -> bool {
        let column = self.column();
        self.chars[self.at - column..self.at].iter().all(|c| *c == ' ')
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), ' ' | '\t') {
            self.at += 1;
        }
    }

    /// Go over blanks, comments and line breaks; a tab does not indent.
    fn skip(&mut self) -> Parsed<()> {
        loop {
            let mut tab = false;
            while matches!(self.peek(), ' ' | '\t') {
                tab |= self.peek() == '\t' && self.first();
                self.at += 1;
            }
            if self.peek() == '#' && (self.at == 0 || matches!(self.chars[self.at - 1], ' ' | '\t' | '\n')) {
                while !matches!(self.peek(), '\n' | '\0') {
                    self.at += 1;
                }
            }
            match self.peek() {
                '\n' => self.at += 1,
                _ if tab && self.at < self.chars.len() => return Err(Failure::Syntax),
                _ => return Ok(()),
            }
        }
    }

    /// A value; what belongs to it is indented by more than `parent`, and a collection by `own` or more.
    fn node(&mut self, parent: isize, own: isize, pointer: &str, inline: bool) -> Parsed<Value> {
        self.depth += 1;
        if self.depth > 150 {
            return Err(Failure::Syntax);
        }
        let value = self.inner(parent, own, pointer, inline);
        self.depth -= 1;
        value
    }

    fn inner(&mut self, parent: isize, own: isize, pointer: &str, inline: bool) -> Parsed<Value> {
        let (mut anchor, mut tag) = (None, None);
        let start = self.at;
        while matches!(self.peek(), '&' | '!') {
            let kind = self.peek();
            let word = self.word();
            if kind == '&' {
                anchor = Some(word[1..].to_string());
            } else {
                tag = Some(word);
            }
            let line = self.at;
            self.blanks();
            if matches!(self.peek(), '\n' | '#') {
                self.skip()?;
                if (self.column() as isize) <= parent && !(self.peek() == '-' && self.column() as isize == parent) {
                    self.at = line;
                    return self.finish(Value::Null, anchor, tag, pointer);
                }
                let own = self.column() as isize;
                let value = self.untagged(parent, own, pointer, false)?;
                return self.finish(value, anchor, tag, pointer);
            }
        }
        // `&a key: value` anchors the key, which is in a mapping then; these files have no such keys.
        let _ = start;
        let value = self.untagged(parent, own, pointer, inline)?;
        self.finish(value, anchor, tag, pointer)
    }

    fn finish(&mut self, value: Value, anchor: Option<String>, tag: Option<String>, pointer: &str) -> Parsed<Value> {
        let value = match (tag.as_deref(), value) {
            (Some("!!str" | "!"), Value::Null) => Value::Text(String::new()),
            (Some("!!float"), Value::Text(text)) => text.parse().map(Value::Number).unwrap_or(Value::Text(text)),
            (Some("!!str" | "!!int" | "!!float" | "!!bool" | "!!null" | "!!map" | "!!seq" | "!") | None, value) => value,
            (Some(_), value) => {
                self.notes.tags.push(pointer.to_string());
                value
            }
        };
        if let Some(name) = anchor {
            self.anchors.push((name, value.clone()));
        }
        Ok(value)
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while !matches!(self.peek(), ' ' | '\t' | '\n' | '\0' | ',' | ']' | '}') {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    fn alias(&mut self) -> Parsed<Value> {
        let name = self.word()[1..].to_string();
        let found = self.anchors.iter().rev().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.clone()).ok_or(Failure::Syntax)
    }

    fn untagged(&mut self, parent: isize, own: isize, pointer: &str, inline: bool) -> Parsed<Value> {
        let next = self.ahead(1);
        let gap = matches!(next, ' ' | '\n' | '\t' | '\0');
        match self.peek() {
            '-' if gap && !inline => self.sequence(own, pointer),
            '?' if gap && !inline => self.mapping(own, pointer),
            '|' | '>' => self.block(parent),
            _ => {
                if !inline && self.is_key() {
                    return self.mapping(own, pointer);
                }
                let value = match self.peek() {
                    '{' | '[' => self.flow(pointer)?,
                    '"' | '\'' => Value::Text(self.quoted()?),
                    '*' => self.alias()?,
                    '@' | '`' | '%' => return Err(Failure::Syntax),
                    _ => return self.plain(parent),
                };
                self.blanks();
                match self.peek() {
                    '\n' | '#' | '\0' => Ok(value),
                    _ => Err(Failure::Syntax),
                }
            }
        }
    }

    /// Whether a key and a colon stand here, on one line.
    fn is_key(&self) -> bool {
        let mut at = self.at;
        let get = |at: usize| *self.chars.get(at).unwrap_or(&'\0');
        let quote = get(at);
        if matches!(quote, '"' | '\'') {
            at += 1;
            while get(at) != quote {
                if matches!(get(at), '\n' | '\0') {
                    return false;
                }
                at += if get(at) == '\\' && quote == '"' { 2 } else { 1 };
            }
            at += 1;
            while get(at) == ' ' {
                at += 1;
            }
            return get(at) == ':' && matches!(get(at + 1), ' ' | '\n' | '\t' | '\0');
        }
        if matches!(quote, '{' | '[' | '#') {
            return false;
        }
        loop {
            match get(at) {
                '\n' | '\0' => return false,
                '#' if get(at.wrapping_sub(1)) == ' ' => return false,
                ':' if matches!(get(at + 1), ' ' | '\n' | '\t' | '\0') => return true,
                _ => at += 1,
            }
        }
    }

    fn sequence(&mut self, own: isize, pointer: &str) -> Parsed<Value> {
        let mut items = Vec::new();
        loop {
            self.at += 1;
            let inner = format!("{pointer}/{}", items.len());
            self.blanks();
            if matches!(self.peek(), '\n' | '#') {
                let line = self.at;
                self.skip()?;
                let column = self.column() as isize;
                if self.at < self.chars.len() && column > own {
                    items.push(self.node(own, column, &inner, false)?);
                } else {
                    self.at = line;
                    items.push(Value::Null);
                }
            } else {
                let column = self.column() as isize;
                items.push(self.node(own, column, &inner, false)?);
            }
            self.skip()?;
            let column = self.column() as isize;
            if self.at >= self.chars.len() || column < own {
                return Ok(Value::List(items));
            }
            let dash = self.peek() == '-' && matches!(self.ahead(1), ' ' | '\n' | '\t' | '\0');
            if column > own || !self.first() {
                return Err(Failure::Syntax);
            }
            if !dash {
                return Ok(Value::List(items)); // a sequence stands at the column of its key
            }
        }
    }

    fn mapping(&mut self, own: isize, pointer: &str) -> Parsed<Value> {
        let mut entries: Vec<(String, Value)> = Vec::new();
        let mut merged: Vec<(String, Value)> = Vec::new();
        loop {
            let explicit = self.peek() == '?' && matches!(self.ahead(1), ' ' | '\n');
            if explicit {
                self.at += 1;
                self.blanks();
            } else if !self.is_key() {
                return Err(Failure::Syntax);
            }
            let (key, plain) = match self.peek() {
                '"' | '\'' => (self.quoted()?, false),
                '*' => match self.alias()? {
                    Value::Text(text) => (text, false),
                    _ => return Err(Failure::Syntax),
                },
                _ => (self.plain_key(explicit), true),
            };
            if explicit {
                self.skip()?;
            } else {
                self.blanks();
            }
            if self.peek() != ':' {
                return Err(Failure::Syntax);
            }
            self.at += 1;
            if plain && !matches!(scalar(&key), Value::Text(_)) {
                self.notes.keys.push(format!("{pointer}/{key}"));
            }
            let inner = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
            let line = self.at;
            self.blanks();
            let value = if matches!(self.peek(), '\n' | '#' | '\0') {
                self.skip()?;
                let column = self.column() as isize;
                let dash = self.peek() == '-' && matches!(self.ahead(1), ' ' | '\n' | '\t' | '\0');
                if self.at < self.chars.len() && (column > own || (column == own && dash)) {
                    self.node(own, column, &inner, false)?
                } else {
                    self.at = line;
                    Value::Null
                }
            } else {
                let column = self.column() as isize;
                self.node(own, column, &inner, !explicit)?
            };
            if plain && key == "<<" {
                let several = if let Value::List(items) = &value { items.clone() } else { vec![value] };
                for item in several {
                    merged.extend(item.entries().iter().cloned());
                }
            } else {
                self.add(&mut entries, key, value, pointer);
            }
            self.skip()?;
            let column = self.column() as isize;
            if self.at >= self.chars.len() || column < own {
                break;
            }
            if column > own || !self.first() {
                return Err(Failure::Syntax);
            }
        }
        for (key, value) in merged {
            if !entries.iter().any(|(name, _)| *name == key) {
                entries.push((key, value));
            }
        }
        Ok(Value::Map(entries))
    }

    fn add(&mut self, entries: &mut Vec<(String, Value)>, key: String, value: Value, pointer: &str) {
        if let Some(entry) = entries.iter_mut().find(|(name, _)| *name == key) {
            let escaped = key.replace('~', "~0").replace('/', "~1");
            self.notes.duplicates.push(format!("{pointer}/{escaped}"));
            entry.1 = value;
        } else {
            entries.push((key, value));
        }
    }

    fn plain_key(&mut self, explicit: bool) -> String {
        let start = self.at;
        loop {
            match self.peek() {
                '\n' | '\0' => break,
                ':' if !explicit && matches!(self.ahead(1), ' ' | '\n' | '\t' | '\0') => break,
                _ => self.at += 1,
            }
        }
        self.chars[start..self.at].iter().collect::<String>().trim().to_string()
    }

    /// A plain scalar, over several lines where the next ones are indented by more than `parent`.
    fn plain(&mut self, parent: isize) -> Parsed<Value> {
        let mut text = self.plain_line()?;
        let mut several = false;
        loop {
            let end = self.at;
            let mut breaks = 0;
            while self.peek() == '\n' {
                self.at += 1;
                breaks += 1;
                self.blanks();
            }
            let column = self.column() as isize;
            if breaks == 0 || self.at >= self.chars.len() || column <= parent || self.peek() == '#' {
                self.at = end;
                break;
            }
            if self.is_key() {
                return Err(Failure::Syntax); // a mapping value where none can be
            }
            let more = self.plain_line()?;
            text.push_str(&if breaks == 1 { " ".to_string() } else { "\n".repeat(breaks - 1) });
            text.push_str(&more);
            several = true;
        }
        Ok(if several { Value::Text(text) } else { scalar(&text) })
    }

    fn plain_line(&mut self) -> Parsed<String> {
        let start = self.at;
        loop {
            match self.peek() {
                '\n' | '\0' => break,
                '#' if self.at > start && matches!(self.chars[self.at - 1], ' ' | '\t') => {
                    let end = self.at;
                    while self.peek() != '\n' {
                        self.at += 1;
                    }
                    return Ok(self.chars[start..end].iter().collect::<String>().trim_end().to_string());
                }
                ':' if matches!(self.ahead(1), ' ' | '\n' | '\t' | '\0') => return Err(Failure::Syntax),
                _ => self.at += 1,
            }
        }
        Ok(self.chars[start..self.at].iter().collect::<String>().trim_end().to_string())
    }

    fn block(&mut self, parent: isize) -> Parsed<Value> {
        let folded = self.peek() == '>';
        let header = self.word();
        self.blanks();
        if !matches!(self.peek(), '\n' | '#' | '\0') {
            return Err(Failure::Syntax);
        }
        while !matches!(self.peek(), '\n' | '\0') {
            self.at += 1;
        }
        self.at += 1;
        let mut lines: Vec<Line> = Vec::new();
        while self.at < self.chars.len() {
            let start = self.at;
            let mut indent = 0;
            while self.peek() == ' ' {
                self.at += 1;
                indent += 1;
            }
            let blank = self.peek() == '\n';
            if !blank && indent as isize <= parent {
                self.at = start;
                break;
            }
            let begin = self.at;
            while !matches!(self.peek(), '\n' | '\0') {
                self.at += 1;
            }
            lines.push(Line { indent, text: self.chars[begin..self.at].to_vec() });
            self.at += 1;
        }
        if self.at > 0 && self.at <= self.chars.len() && self.chars[self.at - 1] == '\n' {
            self.at -= 1;
        }
        let given = header.chars().find_map(|c| c.to_digit(10)).map(|digit| (parent.max(0)) as usize + digit as usize);
        let first = lines.iter().find(|line| !line.text.is_empty()).map_or(0, |line| line.indent);
        let indent = given.unwrap_or(first);
        let texts: Vec<String> = lines
            .iter()
            .map(|line| " ".repeat(line.indent.saturating_sub(indent)) + &line.text.iter().collect::<String>())
            .map(|line| if line.trim().is_empty() { String::new() } else { line })
            .collect();
        let mut text = String::new();
        for (number, line) in texts.iter().enumerate() {
            text.push_str(line);
            let next = texts.get(number + 1);
            let fold = folded && !line.is_empty() && !line.starts_with(' ') && next.is_some_and(|next| !next.is_empty() && !next.starts_with(' '));
            text.push(if fold { ' ' } else { '\n' });
        }
        let stripped = text.trim_end_matches('\n').to_string();
        Ok(Value::Text(match () {
            () if header.contains('+') => text,
            () if header.contains('-') || stripped.is_empty() => stripped,
            () => stripped + "\n",
        }))
    }

    fn quoted(&mut self) -> Parsed<String> {
        let quote = self.peek();
        self.at += 1;
        let mut text = String::new();
        loop {
            let character = self.peek();
            self.at += 1;
            match character {
                '\0' => return Err(Failure::Syntax),
                '\'' if quote == '\'' && self.peek() == '\'' => {
                    text.push('\'');
                    self.at += 1;
                }
                _ if character == quote => return Ok(text),
                '\\' if quote == '"' => self.escape(&mut text)?,
                '\n' => {
                    while text.ends_with([' ', '\t']) {
                        text.pop();
                    }
                    let mut breaks = 0;
                    self.blanks();
                    while self.peek() == '\n' {
                        breaks += 1;
                        self.at += 1;
                        self.blanks();
                    }
                    text.push_str(&if breaks == 0 { " ".to_string() } else { "\n".repeat(breaks) });
                }
                _ => text.push(character),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Parsed<()> {
        let character = self.peek();
        self.at += 1;
        let length = match character {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if length > 0 {
            let end = (self.at + length).min(self.chars.len());
            let digits: String = self.chars[self.at..end].iter().collect();
            let code = u32::from_str_radix(&digits, 16).map_err(|_| Failure::Syntax)?;
            text.push(char::from_u32(code).ok_or(Failure::Syntax)?);
            self.at = end;
            return Ok(());
        }
        text.push(match character {
            'n' => '\n',
            't' | '\t' => '\t',
            'r' => '\r',
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'e' => '\u{1b}',
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            ' ' | '"' | '\\' | '/' => character,
            '\n' => {
                self.blanks();
                return Ok(());
            }
            _ => return Err(Failure::Syntax),
        });
        Ok(())
    }

    fn flow(&mut self, pointer: &str) -> Parsed<Value> {
        let named = self.peek() == '{';
        let end = if named { '}' } else { ']' };
        let (mut entries, mut items) = (Vec::new(), Vec::new());
        self.at += 1;
        loop {
            self.skip()?;
            if self.peek() == end {
                self.at += 1;
                return Ok(if named { Value::Map(entries) } else { Value::List(items) });
            }
            if self.at >= self.chars.len() || matches!(self.peek(), ',' | '}' | ']') {
                return Err(Failure::Syntax);
            }
            if named {
                let plain = !matches!(self.peek(), '"' | '\'');
                let key = match self.flow_value(pointer, true)? {
                    Value::Text(text) => text,
                    _ => {
                        self.notes.keys.push(pointer.to_string());
                        String::from("?")
                    }
                };
                self.skip()?;
                let inner = format!("{pointer}/{key}");
                let mut value = Value::Null;
                if self.peek() == ':' {
                    self.at += 1;
                    self.skip()?;
                    if !matches!(self.peek(), ',' | '}') {
                        value = self.flow_value(&inner, false)?;
                    }
                }
                if plain && key == "<<" {
                    entries.extend(value.entries().iter().cloned());
                } else {
                    self.add(&mut entries, key, value, pointer);
                }
            } else {
                let inner = format!("{pointer}/{}", items.len());
                let value = self.flow_value(&inner, false)?;
                self.skip()?;
                if self.peek() == ':' {
                    self.at += 1;
                    self.skip()?;
                    let Value::Text(key) = value else { return Err(Failure::Syntax) };
                    let value = self.flow_value(&inner, false)?;
                    items.push(Value::Map(vec![(key, value)]));
                } else {
                    items.push(value);
                }
            }
            self.skip()?;
            match self.peek() {
                ',' => self.at += 1,
                character if character == end => {}
                _ => return Err(Failure::Syntax),
            }
        }
    }

    fn flow_value(&mut self, pointer: &str, key: bool) -> Parsed<Value> {
        self.depth += 1;
        if self.depth > 150 {
            return Err(Failure::Syntax);
        }
        let (mut anchor, mut tag) = (None, None);
        while matches!(self.peek(), '&' | '!') {
            let kind = self.peek();
            let word = self.word();
            if kind == '&' {
                anchor = Some(word[1..].to_string());
            } else {
                tag = Some(word);
            }
            self.skip()?;
        }
        let value = match self.peek() {
            '{' | '[' => self.flow(pointer)?,
            '"' | '\'' => Value::Text(self.quoted()?),
            '*' => self.alias()?,
            _ => {
                let mut text = String::new();
                loop {
                    match self.peek() {
                        '\0' | ',' | '[' | ']' | '{' | '}' => break,
                        ':' if matches!(self.ahead(1), ' ' | '\n' | ',' | ']' | '}') => break,
                        '#' if text.ends_with(' ') => break,
                        '\n' => {
                            text = text.trim_end().to_string() + " ";
                            self.at += 1;
                            self.blanks();
                        }
                        character => {
                            text.push(character);
                            self.at += 1;
                        }
                    }
                }
                let text = text.trim();
                if key && text == "<<" { Value::Text(text.to_string()) } else { scalar(text) }
            }
        };
        self.depth -= 1;
        self.finish(value, anchor, tag, pointer)
    }
}

/// What a plain scalar is in YAML 1.1.
pub fn scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Number(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" => return Value::Number(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Number(f64::NEG_INFINITY),
        _ => {}
    }
    if let Some(number) = number(text) {
        return Value::Number(number);
    }
    if is_date(text) {
        return Value::Other;
    }
    Value::Text(text.to_string())
}

fn number(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { -1.0 } else { 1.0 }, rest),
        None => (1.0, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain = digits.replace('_', "");
    let radix = |digits: &str, radix: u32| i64::from_str_radix(digits, radix).ok().map(|found| sign * found as f64);
    if let Some(hex) = plain.strip_prefix("0x") {
        return radix(hex, 16);
    }
    if let Some(binary) = plain.strip_prefix("0b") {
        return radix(binary, 2);
    }
    if plain.len() > 1 && plain.starts_with('0') && plain.chars().all(|c| c.is_ascii_digit()) {
        return radix(&plain[1..], 8);
    }
    if digits.contains(':') {
        let mut found = 0.0;
        for (number, part) in plain.split(':').enumerate() {
            let value: f64 = part.parse().ok()?;
            if number > 0 && (value >= 60.0 || part.len() > 2 && !part.contains('.')) {
                return None;
            }
            found = found * 60.0 + value;
        }
        return Some(sign * found);
    }
    if plain.chars().all(|c| c.is_ascii_digit()) {
        return plain.parse().ok().map(|found: f64| sign * found);
    }
    // A float has a point, and its exponent a sign.
    let (mantissa, exponent) = plain.split_once(['e', 'E']).map_or((plain.as_str(), None), |(one, two)| (one, Some(two)));
    let point = mantissa.contains('.') && mantissa.len() > 1 && mantissa.chars().all(|c| c.is_ascii_digit() || c == '.');
    let signed = exponent.is_none_or(|text| text.starts_with(['-', '+']));
    if point && signed { plain.parse().ok().map(|found: f64| sign * found) } else { None }
}

fn is_date(text: &str) -> bool {
    let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| lengths.contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, time) = rest.split_at(end);
    if !(digits(year, 4..=4) && digits(month, 1..=2) && digits(day, 1..=2)) {
        return false;
    }
    time.is_empty() && month.len() == 2 && day.len() == 2
        || time.starts_with(['T', 't', ' ', '\t']) && time[1..].trim().split(':').count() == 3 && time[1..].trim().starts_with(|c: char| c.is_ascii_digit())
}
