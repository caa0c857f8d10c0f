//! Just enough JSON to read the expectations.

use std::collections::BTreeMap;
use std::ops::Index;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

impl Json {
    /// The text; empty when it is none.
    pub(crate) fn text(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    /// The list; empty when it is none.
    pub(crate) fn list(&self) -> &[Self] {
        if let Self::List(list) = self { list } else { &[] }
    }

    pub(crate) fn number(&self) -> Option<i64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

impl Index<&str> for Json {
    type Output = Self;

    fn index(&self, key: &str) -> &Self {
        match self {
            Self::Object(members) => members.get(key).unwrap_or(&Self::Null),
            _ => &Self::Null,
        }
    }
}

pub(crate) fn parse(text: &str) -> Json {
    let mut chars = text.chars().peekable();
    value(&mut chars)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn blank(chars: &mut Chars<'_>) {
    while chars.next_if(|c| c.is_whitespace() || matches!(c, ',' | ':')).is_some() {}
}

fn value(chars: &mut Chars<'_>) -> Json {
    blank(chars);
    match chars.peek().copied().unwrap() {
        '{' => {
            chars.next();
            let mut members = BTreeMap::new();
            loop {
                blank(chars);
                if chars.next_if_eq(&'}').is_some() {
                    return Json::Object(members);
                }
                let name = string(chars);
                let member = value(chars);
                members.insert(name, member);
            }
        }
        '[' => {
            chars.next();
            let mut list = Vec::new();
            loop {
                blank(chars);
                if chars.next_if_eq(&']').is_some() {
                    return Json::List(list);
                }
                list.push(value(chars));
            }
        }
        '"' => Json::Text(string(chars)),
        _ => {
            let word: String = std::iter::from_fn(|| {
                chars.next_if(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '+'))
            })
            .collect();
            match &*word {
                "null" => Json::Null,
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                number => Json::Number(number.parse().unwrap()),
            }
        }
    }
}

fn string(chars: &mut Chars<'_>) -> String {
    assert_eq!(chars.next(), Some('"'));
    let mut out = String::new();
    let code = |chars: &mut Chars<'_>| {
        let digits: String = chars.by_ref().take(4).collect();
        u16::from_str_radix(&digits, 16).unwrap()
    };
    loop {
        match chars.next().unwrap() {
            '"' => return out,
            '\\' => match chars.next().unwrap() {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                'b' => out.push('\u{8}'),
                'f' => out.push('\u{c}'),
                'u' => {
                    let mut units = vec![code(chars)];
                    if (0xd800..0xdc00).contains(&units[0]) {
                        chars.next();
                        chars.next();
                        units.push(code(chars));
                    }
                    out.push_str(&String::from_utf16(&units).unwrap());
                }
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
}
