//! The part of the Common Expression Language that CRD validation rules are written in.

use serde_json::Value;
use std::collections::HashMap;

/// An expression, parsed.
#[derive(Debug, Clone)]
enum Node {
    Literal(Value),
    Name(String),
    Member(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    Call(Box<Node>, String, Vec<Node>),
    Has(Box<Node>),
    Not(Box<Node>),
    Binary(String, Box<Node>, Box<Node>),
}

type Scope<'a> = HashMap<String, Value>;

/// Whether `rule` holds; `None` when it compares with an old value and there is none.
pub fn holds(rule: &str, new: &Value, old: Option<&Value>) -> Option<Result<bool, String>> {
    let mut parser = Parser {
        tokens: tokens(rule),
        at: 0,
    };
    let transition = parser.tokens.iter().any(|token| token == "oldSelf");
    if transition && old.is_none() {
        return None;
    }
    let mut scope = Scope::from([("self".to_owned(), new.clone())]);
    if let Some(old) = old {
        scope.insert("oldSelf".to_owned(), old.clone());
    }
    let result = parser.binary(0).and_then(|node| eval(&node, &scope));
    Some(result.map(|value| value == true))
}

fn tokens(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let start = at;
        if letter.is_whitespace() {
            at += 1;
            continue;
        } else if letter == '\'' || letter == '"' {
            at += 1;
            while letters.get(at).is_some_and(|next| *next != letter) {
                at += 1;
            }
            at += 1;
        } else if letter.is_alphanumeric() || letter == '_' {
            while letters
                .get(at)
                .is_some_and(|next| next.is_alphanumeric() || *next == '_')
            {
                at += 1;
            }
        } else {
            let pair: String = letters.iter().skip(at).take(2).collect();
            let double = ["==", "!=", "<=", ">=", "&&", "||"].contains(&pair.as_str());
            at += if double { 2 } else { 1 };
        }
        found.push(letters.iter().take(at).skip(start).collect());
    }
    found
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

/// Operators by how loosely they bind.
const LEVELS: [&[&str]; 4] = [
    &["||"],
    &["&&"],
    &["==", "!=", "<=", ">=", "<", ">", "in"],
    &["+", "-"],
];

impl Parser {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        let token = self.peek().to_owned();
        self.at += 1;
        token
    }

    fn take(&mut self, token: &str) -> Result<(), String> {
        match self.next() {
            found if found == token => Ok(()),
            found => Err(format!("expected `{token}`, found `{found}`")),
        }
    }

    fn binary(&mut self, level: usize) -> Result<Node, String> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while operators.contains(&self.peek()) {
            let operator = self.next();
            let right = self.binary(level + 1)?;
            left = Node::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, String> {
        if self.peek() == "!" {
            self.at += 1;
            return Ok(Node::Not(Box::new(self.unary()?)));
        }
        let mut node = self.primary()?;
        loop {
            match self.peek() {
                "." => {
                    self.at += 1;
                    let name = self.next();
                    node = if self.peek() == "(" {
                        Node::Call(Box::new(node), name, self.arguments()?)
                    } else {
                        Node::Member(Box::new(node), name)
                    };
                }
                "[" => {
                    self.at += 1;
                    let index = self.binary(0)?;
                    self.take("]")?;
                    node = Node::Index(Box::new(node), Box::new(index));
                }
                _ => return Ok(node),
            }
        }
    }

    fn arguments(&mut self) -> Result<Vec<Node>, String> {
        self.take("(")?;
        let mut found = Vec::new();
        while self.peek() != ")" {
            found.push(self.binary(0)?);
            if self.peek() == "," {
                self.at += 1;
            }
        }
        self.take(")")?;
        Ok(found)
    }

    fn primary(&mut self) -> Result<Node, String> {
        let token = self.next();
        if let Some(quote @ ('\'' | '"')) = token.chars().next() {
            return Ok(Node::Literal(token.trim_matches(quote).into()));
        }
        if let Ok(number) = token.parse::<i64>() {
            return Ok(Node::Literal(number.into()));
        }
        match token.as_str() {
            "true" | "false" => Ok(Node::Literal((token == "true").into())),
            "(" => {
                let node = self.binary(0)?;
                self.take(")")?;
                Ok(node)
            }
            "has" => match self.arguments()?.pop() {
                Some(node) => Ok(Node::Has(Box::new(node))),
                None => Err("has() wants a field".to_owned()),
            },
            _ => Ok(Node::Name(token)),
        }
    }
}

fn eval(node: &Node, scope: &Scope<'_>) -> Result<Value, String> {
    match node {
        Node::Literal(value) => Ok(value.clone()),
        Node::Name(name) => scope
            .get(name)
            .cloned()
            .ok_or_else(|| format!("undeclared reference to '{name}'")),
        Node::Member(inner, name) => member(&eval(inner, scope)?, name),
        Node::Index(inner, index) => match eval(index, scope)? {
            Value::String(name) => member(&eval(inner, scope)?, &name),
            index => {
                let list = eval(inner, scope)?;
                let at = index.as_u64().and_then(|at| usize::try_from(at).ok());
                let found = at.and_then(|at| list.get(at)).cloned();
                found.ok_or_else(|| format!("index out of bounds: {index}"))
            }
        },
        Node::Has(inner) => match inner.as_ref() {
            Node::Member(object, name) => Ok(eval(object, scope)?.get(name).is_some().into()),
            _ => Err("has() wants a field".to_owned()),
        },
        Node::Not(inner) => truth(inner, scope).map(|value| Value::from(!value)),
        Node::Binary(operator, left, right) => binary(operator, left, right, scope),
        Node::Call(target, name, arguments) => call(target, name, arguments, scope),
    }
}

fn member(value: &Value, name: &str) -> Result<Value, String> {
    value
        .get(name)
        .cloned()
        .ok_or_else(|| format!("no such key: {name}"))
}

fn truth(node: &Node, scope: &Scope<'_>) -> Result<bool, String> {
    eval(node, scope)?
        .as_bool()
        .ok_or_else(|| "no such overload".to_owned())
}

fn binary(operator: &str, left: &Node, right: &Node, scope: &Scope<'_>) -> Result<Value, String> {
    // A side that decides the result hides an error of the other side.
    if operator == "||" || operator == "&&" {
        let decides = operator == "||";
        let (left, right) = (truth(left, scope), truth(right, scope));
        if left == Ok(decides) || right == Ok(decides) {
            return Ok(decides.into());
        }
        return left.and(right).map(Value::from);
    }
    let (left, right) = (eval(left, scope)?, eval(right, scope)?);
    let numbers = left.as_f64().zip(right.as_f64());
    let compare = |test: fn(f64, f64) -> bool| match numbers {
        Some((a, b)) => Ok(Value::from(test(a, b))),
        None => Err("no such overload".to_owned()),
    };
    match operator {
        "==" => Ok((left == right).into()),
        "!=" => Ok((left != right).into()),
        "<" => compare(|a, b| a < b),
        ">" => compare(|a, b| a > b),
        "<=" => compare(|a, b| a <= b),
        ">=" => compare(|a, b| a >= b),
        "in" => Ok(right
            .as_array()
            .is_some_and(|list| list.contains(&left))
            .into()),
        _ => Err(format!("unsupported operator `{operator}`")),
    }
}

fn call(target: &Node, name: &str, arguments: &[Node], scope: &Scope<'_>) -> Result<Value, String> {
    let value = eval(target, scope)?;
    if let ("all" | "exists" | "filter", [Node::Name(variable), body]) = (name, arguments) {
        let mut kept = Vec::new();
        let items = value.as_array().cloned().unwrap_or_default();
        let count = items.len();
        for item in items {
            let mut inner = scope.clone();
            inner.insert(variable.clone(), item.clone());
            if truth(body, &inner)? {
                kept.push(item);
            }
        }
        return Ok(match name {
            "all" => (kept.len() == count).into(),
            "exists" => (!kept.is_empty()).into(),
            _ => Value::Array(kept),
        });
    }
    let argument = match arguments.first() {
        Some(node) => eval(node, scope)?,
        None => Value::Null,
    };
    let text = |test: fn(&str, &str) -> bool| match (value.as_str(), argument.as_str()) {
        (Some(value), Some(argument)) => Ok(Value::from(test(value, argument))),
        _ => Err("no such overload".to_owned()),
    };
    match name {
        "size" => match &value {
            Value::String(text) => Ok(text.chars().count().into()),
            Value::Array(list) => Ok(list.len().into()),
            Value::Object(map) => Ok(map.len().into()),
            _ => Err("no such overload".to_owned()),
        },
        "startsWith" => text(|value, prefix| value.starts_with(prefix)),
        "endsWith" => text(|value, suffix| value.ends_with(suffix)),
        "contains" => text(|value, part| value.contains(part)),
        _ => Err(format!("unsupported function `{name}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(rule: &str, new: Value) -> Result<bool, String> {
        holds(rule, &new, None).unwrap()
    }

    #[test]
    fn rules_as_crds_write_them() {
        assert_eq!(
            check("!(has(self.a) && has(self.b))", json!({"a": 1})),
            Ok(true)
        );
        assert_eq!(
            check("!(has(self.a) && has(self.b))", json!({"a": 1, "b": 2})),
            Ok(false)
        );
        assert_eq!(check("self > 0", json!(0)), Ok(false));
        assert_eq!(
            check("!self.name.startsWith('pg_')", json!({"name": "pg_x"})),
            Ok(false)
        );
        let unique = "self.all(e, self.filter(f, f.k==e.k).size() == 1)";
        assert_eq!(check(unique, json!([{"k": 1}, {"k": 2}])), Ok(true));
        assert_eq!(check(unique, json!([{"k": 1}, {"k": 1}])), Ok(false));
    }

    #[test]
    fn a_transition_rule_needs_an_old_value() {
        assert!(holds("self == oldSelf", &json!(1), None).is_none());
        assert_eq!(
            holds("oldSelf == self", &json!(1), Some(&json!(2))),
            Some(Ok(false))
        );
    }

    #[test]
    fn an_absent_field_is_an_error_unless_the_other_side_decides() {
        assert_eq!(check("!has(self.a) || self.b == 'x'", json!({})), Ok(true));
        assert_eq!(
            check("!has(self.a) || self.b == 'x'", json!({"a": 1})),
            Err("no such key: b".to_owned())
        );
    }
}
