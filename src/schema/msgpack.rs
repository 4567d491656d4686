//! Values in MessagePack, the form in which core and provider exchange them.

use std::collections::BTreeMap;

use rmp::Marker;
use rmp::decode;
use rmp::encode as mp;

pub use super::codec::CodecError;
use super::codec::{MAX_DEPTH, Place};
use super::value::{Number, Type, Value};

/// Writes `value` as a value of type `ty`; objects come out complete.
pub fn encode(value: &Value, ty: &Type) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, value, ty);
    out
}

fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Writing to memory cannot fail, so the results of the writer are dropped here.
fn write(out: &mut Vec<u8>, value: &Value, ty: &Type) {
    match value {
        Value::Null => drop(mp::write_nil(out)),
        Value::Unknown => out.extend([0xd4, 0, 0]),
        Value::Typed(typed) => write_typed(out, &typed.0, &typed.1),
        other if *ty == Type::Dynamic => write_typed(out, &Type::of(other), other),
        Value::Bool(flag) => drop(mp::write_bool(out, *flag)),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => drop(mp::write_str(out, text)),
        Value::List(elements) => {
            drop(mp::write_array_len(out, length(elements.len())));
            for (index, element) in elements.iter().enumerate() {
                write(out, element, element_type(ty, index));
            }
        }
        Value::Map(members) => write_members(out, members, ty),
    }
}

/// A value that does not fit its type is written as it stands: core then tells what is wrong with it.
fn element_type(ty: &Type, index: usize) -> &Type {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => element,
        Type::Tuple(elements) => elements.get(index).unwrap_or(&Type::String),
        _ => &Type::String,
    }
}

fn write_members(out: &mut Vec<u8>, members: &BTreeMap<String, Value>, ty: &Type) {
    let Type::Object { attributes, .. } = ty else {
        drop(mp::write_map_len(out, length(members.len())));
        for (key, member) in members {
            drop(mp::write_str(out, key));
            write(out, member, element_type(ty, 0));
        }
        return;
    };
    drop(mp::write_map_len(out, length(attributes.len())));
    for (name, ty) in attributes {
        drop(mp::write_str(out, name));
        write(out, members.get(name).unwrap_or(&Value::Null), ty);
    }
}

fn write_typed(out: &mut Vec<u8>, ty: &Type, value: &Value) {
    drop(mp::write_array_len(out, 2));
    drop(mp::write_bin(out, ty.to_json().as_bytes()));
    write(out, value, ty);
}

/// As an integer or a float where that is exact, otherwise as text, which is how core itself writes numbers.
fn write_number(out: &mut Vec<u8>, number: &Number) {
    let canonical = Number::parse(number.as_str()).unwrap_or_else(|| number.clone());
    if let Some(integer) = canonical.as_i64() {
        drop(mp::write_sint(out, integer));
        return;
    }
    let float = canonical.is_fraction().then(|| canonical.as_exact_f64());
    match float.flatten() {
        Some(float) => drop(mp::write_f64(out, float)),
        None => drop(mp::write_str(out, canonical.as_str())),
    }
}

/// Reads one value of type `ty`.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, CodecError> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(ty, &Place::Root, 0)?;
    if !reader.rest.is_empty() {
        return Place::Root.fail(format!(
            "{} bytes follow the end of the value",
            reader.rest.len()
        ));
    }
    Ok(value)
}

struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn marker(&self, place: &Place<'_>) -> Result<Marker, CodecError> {
        match self.rest.first() {
            Some(byte) => Ok(Marker::from_u8(*byte)),
            None => place.fail("the input ends before the value"),
        }
    }

    fn value(&mut self, ty: &Type, place: &Place<'_>, depth: usize) -> Result<Value, CodecError> {
        if depth > MAX_DEPTH {
            return place.fail(format!(
                "the value is nested deeper than {MAX_DEPTH} levels"
            ));
        }
        let marker = self.marker(place)?;
        match marker {
            Marker::Null => {
                self.take(1, place)?;
                return Ok(Value::Null);
            }
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32 => return self.unknown(place),
            _ => {}
        }
        match ty {
            Type::Bool => self.bool(marker, place),
            Type::Number => self.number(marker, place),
            Type::String => self.text(place).map(Value::String),
            Type::Dynamic => self.dynamic(place, depth),
            Type::List(element) => self.list(place, |reader, index| {
                reader.value(element, &Place::Index(place, index), depth + 1)
            }),
            Type::Set(element) => self.list(place, |reader, _| {
                reader.value(element, &Place::Element(place), depth + 1)
            }),
            Type::Tuple(types) => self.tuple(types, place, depth),
            Type::Map(element) => self.members(place, |reader, key| {
                reader.value(element, &Place::Key(place, key), depth + 1)
            }),
            Type::Object { attributes, .. } => self.object(attributes, place, depth),
        }
    }

    fn take(&mut self, count: usize, place: &Place<'_>) -> Result<&'b [u8], CodecError> {
        match self.rest.split_at_checked(count) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => place.fail("the input ends inside the value"),
        }
    }

    /// Refinements are dropped with the payload.
    fn unknown(&mut self, place: &Place<'_>) -> Result<Value, CodecError> {
        match decode::read_ext_meta(&mut self.rest) {
            Ok(meta) => self.take(meta.size as usize, place).map(|_| Value::Unknown),
            Err(_) => place.fail("the input ends inside an unknown value"),
        }
    }

    fn bool(&mut self, marker: Marker, place: &Place<'_>) -> Result<Value, CodecError> {
        let flag = match marker {
            Marker::True => true,
            Marker::False => false,
            _ => return place.fail("a bool is required"),
        };
        self.take(1, place).map(|_| Value::Bool(flag))
    }

    fn number(&mut self, marker: Marker, place: &Place<'_>) -> Result<Value, CodecError> {
        let rest = &mut self.rest;
        let number = match marker {
            Marker::FixPos(_) | Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => {
                decode::read_int::<u64, _>(rest)
                    .ok()
                    .map(|integer| Number::from_text(integer.to_string()))
            }
            Marker::FixNeg(_) | Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => {
                decode::read_int::<i64, _>(rest).ok().map(Number::from)
            }
            Marker::F32 => decode::read_f32(rest)
                .ok()
                .and_then(|float| Number::from_f64(f64::from(float))),
            Marker::F64 => decode::read_f64(rest).ok().and_then(Number::from_f64),
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                Number::parse(&self.text(place)?)
            }
            _ => None,
        };
        match number {
            Some(number) => Ok(Value::Number(number)),
            None => place.fail("a finite number is required"),
        }
    }

    fn text(&mut self, place: &Place<'_>) -> Result<String, CodecError> {
        let Ok(length) = decode::read_str_len(&mut self.rest) else {
            return place.fail("a string is required");
        };
        match std::str::from_utf8(self.take(length as usize, place)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => place.fail("the string is not UTF-8"),
        }
    }

    fn dynamic(&mut self, place: &Place<'_>, depth: usize) -> Result<Value, CodecError> {
        if !matches!(decode::read_array_len(&mut self.rest), Ok(2)) {
            return place.fail("a value of any type is a pair of type and value");
        }
        let json = match self.marker(place)? {
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
                match decode::read_bin_len(&mut self.rest) {
                    Ok(length) => self.take(length as usize, place)?.to_vec(),
                    Err(_) => return place.fail("the input ends inside a type"),
                }
            }
            _ => self.text(place)?.into_bytes(),
        };
        let ty = match Type::from_json(&json) {
            Ok(ty) => ty,
            Err(error) => return place.fail(error),
        };
        let value = self.value(&ty, place, depth + 1)?;
        Ok(Value::Typed(Box::new((ty, value))))
    }

    /// Lengths are never trusted: memory grows with the elements that are really there.
    fn array_length(&mut self, place: &Place<'_>) -> Result<usize, CodecError> {
        match decode::read_array_len(&mut self.rest) {
            Ok(length) if length as usize <= self.rest.len() => Ok(length as usize),
            Ok(_) => place.fail("the input ends inside the array"),
            Err(_) => place.fail("an array is required"),
        }
    }

    fn list(
        &mut self,
        place: &Place<'_>,
        mut element: impl FnMut(&mut Self, usize) -> Result<Value, CodecError>,
    ) -> Result<Value, CodecError> {
        let length = self.array_length(place)?;
        let mut elements = Vec::new();
        for index in 0..length {
            elements.push(element(self, index)?);
        }
        Ok(Value::List(elements))
    }

    fn tuple(
        &mut self,
        types: &[Type],
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let length = self.array_length(place)?;
        if length != types.len() {
            return place.fail(format!("a tuple of {} elements is required", types.len()));
        }
        let elements = types
            .iter()
            .enumerate()
            .map(|(index, ty)| self.value(ty, &Place::Index(place, index), depth + 1));
        elements.collect::<Result<_, _>>().map(Value::List)
    }

    fn members(
        &mut self,
        place: &Place<'_>,
        mut member: impl FnMut(&mut Self, &str) -> Result<Value, CodecError>,
    ) -> Result<Value, CodecError> {
        let length = match decode::read_map_len(&mut self.rest) {
            Ok(length) if length as usize <= self.rest.len() => length,
            Ok(_) => return place.fail("the input ends inside the map"),
            Err(_) => return place.fail("a map is required"),
        };
        let mut members = BTreeMap::new();
        for _ in 0..length {
            let key = self.text(place)?;
            let value = member(self, &key)?;
            if members.insert(key.clone(), value).is_some() {
                return place.fail(format!("`{key}` is there twice"));
            }
        }
        Ok(Value::Map(members))
    }

    fn object(
        &mut self,
        attributes: &BTreeMap<String, Type>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let object = self.members(place, |reader, name| match attributes.get(name) {
            Some(ty) => reader.value(ty, &Place::Attribute(place, name), depth + 1),
            None => place.fail(format!("there is no attribute `{name}`")),
        })?;
        let present = object.as_map();
        let missing = attributes
            .keys()
            .find(|name| present.is_none_or(|members| !members.contains_key(*name)));
        match missing {
            Some(name) => Place::Attribute(place, name).fail("the attribute is missing"),
            None => Ok(object),
        }
    }
}

#[cfg(test)]
#[path = "msgpack_tests.rs"]
mod tests;
