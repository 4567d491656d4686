use super::*;

fn number(bytes: &[u8]) -> String {
    match decode(bytes, &Type::Number).unwrap() {
        Value::Number(number) => number.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn encoded(text: &str) -> Vec<u8> {
    encode(&Value::Number(Number::from_text(text)), &Type::Number)
}

#[test]
fn numbers_are_read_in_all_their_forms() {
    assert_eq!(number(&[0x07]), "7");
    assert_eq!(number(&[0xff]), "-1");
    assert_eq!(
        number(&[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        "18446744073709551615"
    );
    assert_eq!(number(&[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]), "0.5");
    assert_eq!(number(&[0xca, 0x3f, 0, 0, 0]), "0.5");
    assert_eq!(number(b"\xa30.1"), "0.1");
    assert!(decode(b"\xa3abc", &Type::Number).is_err());
    assert!(decode(&[0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], &Type::Number).is_err());
}

#[test]
fn numbers_are_written_as_core_writes_them() {
    assert_eq!(encoded("3.0"), [0x03]);
    assert_eq!(encoded("-1"), [0xff]);
    assert_eq!(encoded("0.5"), [0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(encoded("0.1"), b"\xa30.1");
    assert_eq!(encoded("9223372036854775808"), b"\xb39223372036854775808");
}

#[test]
fn every_extension_is_unknown() {
    let refined = [0xc7, 0x03, 0x0c, 0x81, 0x01, 0xc2];
    for bytes in [&[0xd4, 0, 0][..], &[0xd5, 12, 0, 0], &refined] {
        assert_eq!(decode(bytes, &Type::String), Ok(Value::Unknown));
    }
    assert_eq!(encode(&Value::Unknown, &Type::Bool), [0xd4, 0, 0]);
}

#[test]
fn objects_are_complete_in_both_directions() {
    let ty = Type::object([("a", Type::Bool), ("b", Type::String)]);
    let value = Value::Map(BTreeMap::from([("a".to_owned(), Value::Bool(true))]));
    assert_eq!(encode(&value, &ty), b"\x82\xa1a\xc3\xa1b\xc0");
    let fails = |bytes: &[u8]| decode(bytes, &ty).unwrap_err().to_string();
    assert_eq!(fails(b"\x81\xa1a\xc3"), "`b`: the attribute is missing");
    assert_eq!(
        fails(b"\x83\xa1a\xc3\xa1b\xc0\xa1c\xc0"),
        "there is no attribute `c`"
    );
    assert_eq!(
        fails(b"\x82\xa1a\xc3\xa1b\xc3"),
        "`b`: a string is required"
    );
    assert_eq!(fails(b"\x82\xa1a\xc3\xa1a\xc3"), "`a` is there twice");
}

#[test]
fn a_value_of_any_type_carries_its_type() {
    let value = Value::Typed(Box::new((
        Type::list(Type::String),
        Value::List(vec!["x".into()]),
    )));
    let bytes = encode(&value, &Type::Dynamic);
    assert_eq!(bytes, b"\x92\xc4\x11[\"list\",\"string\"]\x91\xa1x");
    assert_eq!(decode(&bytes, &Type::Dynamic), Ok(value));
    assert_eq!(decode(&[0xc0], &Type::Dynamic), Ok(Value::Null));
}

#[test]
fn lengths_are_not_believed() {
    for bytes in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff][..],
        &[0xdb, 0xff, 0xff, 0xff, 0xff],
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0xc9, 0xff, 0xff, 0xff, 0xff, 0],
    ] {
        for ty in [
            Type::list(Type::String),
            Type::String,
            Type::map(Type::Bool),
            Type::Dynamic,
        ] {
            assert!(decode(bytes, &ty).is_err());
        }
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let mut bytes = Vec::new();
    for _ in 0..10_000 {
        bytes.extend(b"\x92\xc4\x12[\"list\",\"dynamic\"]\x91");
    }
    let error = decode(&bytes, &Type::Dynamic).unwrap_err();
    assert!(error.message.contains("nested deeper"), "{error}");
}

#[test]
fn bytes_after_the_value_are_refused() {
    assert!(decode(&[0xc0, 0xc0], &Type::Bool).is_err());
    assert!(decode(&[], &Type::Bool).is_err());
}
