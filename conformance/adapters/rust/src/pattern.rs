//! Regular expressions, as far as the schemas use them: groups, alternatives, classes, `* + ? {n,m}`, `^` and `$`.

enum Node {
    Set(bool, Vec<(char, char)>),
    Start,
    End,
    Group(Vec<Vec<Node>>),
    Repeat(Box<Node>, usize, usize),
}

pub fn matches(pattern: &str, text: &str) -> bool {
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    let nodes = Node::Group(alternatives(&chars, &mut at));
    let text: Vec<char> = text.chars().collect();
    (0..=text.len()).any(|start| run(&nodes, &text, start, &mut |_| true))
}

fn alternatives(pattern: &[char], at: &mut usize) -> Vec<Vec<Node>> {
    let mut found = vec![Vec::new()];
    while *at < pattern.len() && pattern[*at] != ')' {
        let character = pattern[*at];
        *at += 1;
        let node = match character {
            '|' => {
                found.push(Vec::new());
                continue;
            }
            '^' => Node::Start,
            '$' => Node::End,
            '.' => Node::Set(false, vec![('\n', '\n')]),
            '(' => {
                if pattern[*at..].starts_with(&['?', ':']) {
                    *at += 2;
                }
                let inner = alternatives(pattern, at);
                *at += 1;
                Node::Group(inner)
            }
            '[' => class(pattern, at),
            '\\' => {
                *at += 1;
                escape(pattern[*at - 1])
            }
            _ => Node::Set(true, vec![(character, character)]),
        };
        let node = quantified(node, pattern, at);
        found.last_mut().expect("there is one").push(node);
    }
    found
}

fn quantified(node: Node, pattern: &[char], at: &mut usize) -> Node {
    let (least, most, length) = match pattern.get(*at) {
        Some('*') => (0, usize::MAX, 1),
        Some('+') => (1, usize::MAX, 1),
        Some('?') => (0, 1, 1),
        Some('{') => {
            let end = pattern[*at..].iter().position(|c| *c == '}').expect("a closed brace");
            let inner: String = pattern[*at + 1..*at + end].iter().collect();
            let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
            (least.parse().unwrap_or(0), most.parse().unwrap_or(usize::MAX), end + 1)
        }
        _ => return node,
    };
    *at += length;
    Node::Repeat(Box::new(node), least, most)
}

fn escape(character: char) -> Node {
    match character {
        's' => Node::Set(true, vec![('\t', '\r'), (' ', ' '), ('\u{a0}', '\u{a0}')]),
        'd' => Node::Set(true, vec![('0', '9')]),
        'S' => Node::Set(false, vec![('\t', '\r'), (' ', ' ')]),
        _ => Node::Set(true, vec![(character, character)]),
    }
}

fn class(pattern: &[char], at: &mut usize) -> Node {
    let positive = pattern[*at] != '^';
    *at += usize::from(!positive);
    let mut ranges = Vec::new();
    while pattern[*at] != ']' {
        let mut first = pattern[*at];
        *at += 1;
        if first == '\\' {
            first = pattern[*at];
            *at += 1;
            if matches!(first, 's' | 'd') {
                if let Node::Set(_, inner) = escape(first) {
                    ranges.extend(inner);
                }
                continue;
            }
        }
        let mut last = first;
        if pattern[*at] == '-' && pattern[*at + 1] != ']' {
            *at += 1;
            if pattern[*at] == '\\' {
                *at += 1;
            }
            last = pattern[*at];
            *at += 1;
        }
        ranges.push((first, last));
    }
    *at += 1;
    Node::Set(positive, ranges)
}

fn run(node: &Node, text: &[char], at: usize, next: &mut dyn FnMut(usize) -> bool) -> bool {
    match node {
        Node::Start => at == 0 && next(at),
        Node::End => at == text.len() && next(at),
        Node::Set(positive, ranges) => text.get(at).is_some_and(|c| ranges.iter().any(|(one, other)| one <= c && c <= other) == *positive) && next(at + 1),
        Node::Group(several) => several.iter().any(|nodes| sequence(nodes, text, at, next)),
        Node::Repeat(inner, least, most) => repeat(inner, *least, *most, text, at, next),
    }
}

fn sequence(nodes: &[Node], text: &[char], at: usize, next: &mut dyn FnMut(usize) -> bool) -> bool {
    match nodes.split_first() {
        None => next(at),
        Some((first, rest)) => run(first, text, at, &mut |at| sequence(rest, text, at, next)),
    }
}

fn repeat(node: &Node, least: usize, most: usize, text: &[char], at: usize, next: &mut dyn FnMut(usize) -> bool) -> bool {
    let more = most > 0
        && run(node, text, at, &mut |after| {
            (after > at || least > 0) && repeat(node, least.saturating_sub(1), most.saturating_sub(usize::from(most < usize::MAX)), text, after, next)
        });
    more || least == 0 && next(at)
}
