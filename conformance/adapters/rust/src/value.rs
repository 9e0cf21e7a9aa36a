//! Values of YAML and JSON documents, and a parser of JSON.

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
    /// A YAML value that JSON does not have: a date, bytes.
    Other,
}

impl Value {
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value below some keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn list(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub fn entries(&self) -> &[(String, Value)] {
        match self {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn is_scalar(&self) -> bool {
        !matches!(self, Value::List(_) | Value::Map(_))
    }
}

pub fn parse_json(text: &str) -> Result<Value, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut parser = Json { chars: &chars, at: 0, depth: 0 };
    parser.blanks();
    let value = parser.value()?;
    parser.blanks();
    if parser.at < chars.len() {
        return Err("more follows the value".into());
    }
    Ok(value)
}

struct Json<'a> {
    chars: &'a [char],
    at: usize,
    depth: usize,
}

impl Json<'_> {
    fn peek(&self) -> char {
        *self.chars.get(self.at).unwrap_or(&'\0')
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), ' ' | '\t' | '\n' | '\r') {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for expected in word.chars() {
            if self.peek() != expected {
                return Err(format!("no value at {}", self.at));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn value(&mut self) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("nested too deep".into());
        }
        let value = match self.peek() {
            '{' => self.members('}', true),
            '[' => self.members(']', false),
            '"' => Ok(Value::Text(self.string()?)),
            't' => self.word("true", Value::Bool(true)),
            'f' => self.word("false", Value::Bool(false)),
            'n' => self.word("null", Value::Null),
            'N' => self.word("NaN", Value::Number(f64::NAN)),
            'I' => self.word("Infinity", Value::Number(f64::INFINITY)),
            _ => self.number(),
        };
        self.depth -= 1;
        value
    }

    fn members(&mut self, end: char, named: bool) -> Result<Value, String> {
        let (mut entries, mut items) = (Vec::new(), Vec::new());
        self.at += 1;
        self.blanks();
        while self.peek() != end {
            if !(entries.is_empty() && items.is_empty()) {
                if self.peek() != ',' {
                    return Err(format!("no comma at {}", self.at));
                }
                self.at += 1;
                self.blanks();
            }
            if named {
                let key = self.string()?;
                self.blanks();
                if self.peek() != ':' {
                    return Err(format!("no colon at {}", self.at));
                }
                self.at += 1;
                self.blanks();
                let value = self.value()?;
                entries.retain(|(name, _)| name != &key); // the last one counts
                entries.push((key, value));
            } else {
                items.push(self.value()?);
            }
            self.blanks();
        }
        self.at += 1;
        Ok(if named { Value::Map(entries) } else { Value::List(items) })
    }

    fn string(&mut self) -> Result<String, String> {
        if self.peek() != '"' {
            return Err(format!("no string at {}", self.at));
        }
        self.at += 1;
        let mut text = String::new();
        loop {
            let character = self.peek();
            self.at += 1;
            match character {
                '"' => return Ok(text),
                '\\' => {
                    let escape = self.peek();
                    self.at += 1;
                    text.push(match escape {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        '"' | '\\' | '/' => escape,
                        'u' => self.unicode()?,
                        _ => return Err("an unknown escape".into()),
                    });
                }
                '\0'..='\u{1f}' => return Err("a string that does not end".into()),
                _ => text.push(character),
            }
        }
    }

    fn unicode(&mut self) -> Result<char, String> {
        let unit = |parser: &mut Self| -> Result<u32, String> {
            let end = (parser.at + 4).min(parser.chars.len());
            let digits: String = parser.chars[parser.at..end].iter().collect();
            parser.at = end;
            u32::from_str_radix(&digits, 16).map_err(|_| "an unknown escape".to_string())
        };
        let mut code = unit(self)?;
        if (0xd800..0xdc00).contains(&code) && self.peek() == '\\' {
            self.at += 2;
            code = 0x10000 + ((code - 0xd800) << 10) + (unit(self)?.wrapping_sub(0xdc00) & 0x3ff);
        }
        Ok(char::from_u32(code).unwrap_or('\u{fffd}'))
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        while matches!(self.peek(), '0'..='9' | '-' | '+' | '.' | 'e' | 'E') {
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        if text == "-" && self.peek() == 'I' {
            return self.word("Infinity", Value::Number(f64::NEG_INFINITY));
        }
        text.parse().map(Value::Number).map_err(|_| format!("no value at {start}"))
    }
}

/// A JSON text of a string.
pub fn quoted(text: &str) -> String {
    let mut found = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => found.push_str("\\\""),
            '\\' => found.push_str("\\\\"),
            '\0'..='\u{1f}' => found.push_str(&format!("\\u{:04x}", character as u32)),
            _ => found.push(character),
        }
    }
    found.push('"');
    found
}
