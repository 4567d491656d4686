//! Values in JSON, the form of stored state. Numbers keep every digit.

use std::collections::{BTreeMap, HashMap};

use serde_json::value::RawValue;

pub use super::codec::CodecError;
use super::codec::{MAX_DEPTH, Place};
use super::field::{Field, FieldKind};
use super::value::{Number, Type, Value};

/// Writes `value` as a value of type `ty`. JSON has no unknown values; they become null.
pub fn encode(value: &Value, ty: &Type) -> String {
    let mut out = String::new();
    write(&mut out, value, ty);
    out
}

fn write(out: &mut String, value: &Value, ty: &Type) {
    match value {
        Value::Null | Value::Unknown => out.push_str("null"),
        Value::Typed(typed) => write_typed(out, &typed.0, &typed.1),
        other if *ty == Type::Dynamic => write_typed(out, &Type::of(other), other),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match Number::parse(number.as_str()) {
            Some(number) => out.push_str(number.as_str()),
            None => out.push_str("null"),
        },
        Value::String(text) => write_text(out, text),
        Value::List(elements) => {
            let elements = elements.iter().enumerate();
            write_all(out, ['[', ']'], elements, |out, (index, element)| {
                write(out, element, element_type(ty, index));
            });
        }
        Value::Map(members) => match ty {
            Type::Object { attributes, .. } => {
                write_all(out, ['{', '}'], attributes, |out, (name, ty)| {
                    write_text(out, name);
                    out.push(':');
                    write(out, members.get(name).unwrap_or(&Value::Null), ty);
                });
            }
            _ => write_all(out, ['{', '}'], members, |out, (key, member)| {
                write_text(out, key);
                out.push(':');
                write(out, member, element_type(ty, 0));
            }),
        },
    }
}

fn write_all<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut String, T),
) {
    out.push(open);
    for (position, each) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        item(out, each);
    }
    out.push(close);
}

fn write_typed(out: &mut String, ty: &Type, value: &Value) {
    out.push_str("{\"value\":");
    write(out, value, ty);
    out.push_str(",\"type\":");
    out.push_str(&ty.to_json());
    out.push('}');
}

fn write_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn element_type(ty: &Type, index: usize) -> &Type {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => element,
        Type::Tuple(elements) => elements.get(index).unwrap_or(&Type::String),
        _ => &Type::String,
    }
}

/// Reads one value of type `ty`; objects must be complete.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, CodecError> {
    let mode = Mode::Exact;
    mode.value(parse(bytes, &Place::Root)?, ty, &Place::Root, 0)
}

/// Reads stored state of the current schema version: what the schema no longer has is dropped, what the state does not have is null (a block: empty).
/// Write-only attributes come out null.
pub fn decode_state(fields: &[Field], bytes: &[u8]) -> Result<Value, CodecError> {
    state_block(fields, parse(bytes, &Place::Root)?, &Place::Root, 0)
}

/// [`decode_state`] for JSON that an upgrade has worked on.
pub fn decode_state_json(fields: &[Field], json: &serde_json::Value) -> Result<Value, CodecError> {
    decode_state(fields, json.to_string().as_bytes())
}

fn parse<'j>(bytes: &'j [u8], place: &Place<'_>) -> Result<&'j RawValue, CodecError> {
    serde_json::from_slice(bytes).or_else(|error| place.fail(format!("not valid JSON: {error}")))
}

fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

fn array<'j>(raw: &'j RawValue, place: &Place<'_>) -> Result<Vec<&'j RawValue>, CodecError> {
    serde_json::from_str(raw.get()).or_else(|_| place.fail("an array is required"))
}

fn object<'j>(
    raw: &'j RawValue,
    place: &Place<'_>,
) -> Result<HashMap<String, &'j RawValue>, CodecError> {
    serde_json::from_str(raw.get()).or_else(|_| place.fail("an object is required"))
}

fn state_block(
    fields: &[Field],
    raw: &RawValue,
    place: &Place<'_>,
    depth: usize,
) -> Result<Value, CodecError> {
    if is_null(raw) {
        return Ok(Value::Null);
    }
    let members = object(raw, place)?;
    let decoded = fields.iter().map(|field| {
        let place = Place::Attribute(place, field.name);
        let member = members.get(field.name).copied();
        state_field(field, member, &place, depth).map(|value| (field.name.to_owned(), value))
    });
    decoded.collect::<Result<_, _>>().map(Value::Map)
}

fn state_field(
    field: &Field,
    raw: Option<&RawValue>,
    place: &Place<'_>,
    depth: usize,
) -> Result<Value, CodecError> {
    let raw = raw.filter(|raw| !is_null(raw));
    match (&field.kind, raw) {
        (FieldKind::Attribute { attribute, .. }, _) if attribute.write_only => Ok(Value::Null),
        (FieldKind::Attribute { .. }, None) => Ok(Value::Null),
        (FieldKind::Attribute { ty, .. }, Some(raw)) => {
            Mode::Lenient.value(raw, ty, place, depth + 1)
        }
        (FieldKind::Block { .. }, None) => Ok(Value::List(Vec::new())),
        (FieldKind::Block { fields, .. }, Some(raw)) => {
            let elements = array(raw, place)?;
            let elements = elements.into_iter().enumerate().map(|(index, element)| {
                state_block(fields, element, &Place::Index(place, index), depth + 2)
            });
            elements.collect::<Result<_, _>>().map(Value::List)
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Exact,
    Lenient,
}

impl Mode {
    fn value(
        self,
        raw: &RawValue,
        ty: &Type,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Value, CodecError> {
        if depth > MAX_DEPTH {
            return place.fail(format!(
                "the value is nested deeper than {MAX_DEPTH} levels"
            ));
        }
        if is_null(raw) {
            return Ok(Value::Null);
        }
        let depth = depth + 1;
        match ty {
            Type::Bool | Type::Number | Type::String => primitive(raw, ty, place),
            Type::Dynamic => self.dynamic(raw, place, depth),
            Type::List(element) => {
                let elements = array(raw, place)?.into_iter().enumerate();
                let elements = elements.map(|(index, raw)| {
                    self.value(raw, element, &Place::Index(place, index), depth)
                });
                elements.collect::<Result<_, _>>().map(Value::List)
            }
            Type::Set(element) => {
                let elements = array(raw, place)?.into_iter();
                let elements =
                    elements.map(|raw| self.value(raw, element, &Place::Element(place), depth));
                elements.collect::<Result<_, _>>().map(Value::List)
            }
            Type::Tuple(types) => self.tuple(raw, types, place, depth),
            Type::Map(element) => {
                let members = object(raw, place)?.into_iter();
                let members = members.map(|(key, raw)| {
                    let value = self.value(raw, element, &Place::Key(place, &key), depth)?;
                    Ok((key, value))
                });
                members.collect::<Result<_, _>>().map(Value::Map)
            }
            Type::Object { attributes, .. } => self.object(raw, attributes, place, depth),
        }
    }

    fn tuple(
        self,
        raw: &RawValue,
        types: &[Type],
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let elements = array(raw, place)?;
        if elements.len() != types.len() {
            return place.fail(format!("a tuple of {} elements is required", types.len()));
        }
        let elements = elements.into_iter().zip(types).enumerate();
        let elements = elements
            .map(|(index, (raw, ty))| self.value(raw, ty, &Place::Index(place, index), depth));
        elements.collect::<Result<_, _>>().map(Value::List)
    }

    fn object(
        self,
        raw: &RawValue,
        attributes: &BTreeMap<String, Type>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let members = object(raw, place)?;
        if self == Mode::Exact
            && let Some(extra) = members.keys().find(|name| !attributes.contains_key(*name))
        {
            return place.fail(format!("there is no attribute `{extra}`"));
        }
        let decoded = attributes.iter().map(|(name, ty)| {
            let place = Place::Attribute(place, name);
            let value = match members.get(name) {
                Some(raw) => self.value(raw, ty, &place, depth)?,
                None if self == Mode::Lenient => Value::Null,
                None => return place.fail("the attribute is missing"),
            };
            Ok((name.clone(), value))
        });
        decoded.collect::<Result<_, _>>().map(Value::Map)
    }

    fn dynamic(self, raw: &RawValue, place: &Place<'_>, depth: usize) -> Result<Value, CodecError> {
        let members = object(raw, place)?;
        let (Some(value), Some(ty), 2) = (members.get("value"), members.get("type"), members.len())
        else {
            return place.fail("a value of any type is an object of `value` and `type`");
        };
        let ty = match Type::from_json(ty.get().as_bytes()) {
            Ok(ty) => ty,
            Err(error) => return place.fail(error),
        };
        let value = self.value(value, &ty, place, depth)?;
        Ok(Value::Typed(Box::new((ty, value))))
    }
}

fn primitive(raw: &RawValue, ty: &Type, place: &Place<'_>) -> Result<Value, CodecError> {
    let text = raw.get();
    let value = match (ty, text) {
        (Type::Bool, "true") => Some(Value::Bool(true)),
        (Type::Bool, "false") => Some(Value::Bool(false)),
        (Type::Number, text) => Number::parse(text).map(Value::Number),
        (Type::String, text) => serde_json::from_str(text).ok().map(Value::String),
        _ => None,
    };
    match value {
        Some(value) => Ok(value),
        None => place.fail(format!("a {} is required", ty.describe())),
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
