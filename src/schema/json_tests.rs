use super::*;
use crate::schema::field::{blocks, optional, required};

fn attribute(name: &'static str, ty: Type, attribute: crate::schema::field::Attribute) -> Field {
    Field {
        name,
        description: String::new(),
        kind: FieldKind::Attribute {
            ty,
            sensitive: false,
            attribute,
        },
    }
}

fn fields() -> Vec<Field> {
    vec![
        attribute("name", Type::String, required()),
        attribute("secret", Type::String, optional().write_only()),
        attribute(
            "shape",
            Type::object([("a", Type::Number), ("b", Type::Bool)]),
            optional(),
        ),
        Field {
            name: "disk",
            description: String::new(),
            kind: FieldKind::Block {
                block: blocks(&["name"]),
                description: String::new(),
                fields: vec![attribute("name", Type::String, required())],
            },
        },
    ]
}

#[test]
fn numbers_keep_every_digit() {
    for text in [
        "0.1",
        "123456789012345678901234567890.5",
        "18446744073709551616",
    ] {
        let value = decode(text.as_bytes(), &Type::Number).unwrap();
        assert_eq!(value, Value::Number(Number::from_text(text)));
        assert_eq!(encode(&value, &Type::Number), text);
    }
}

#[test]
fn a_value_of_any_type_carries_its_type() {
    let text = r#"{"value":[1,"a\nb"],"type":["tuple",["number","string"]]}"#;
    let value = decode(text.as_bytes(), &Type::Dynamic).unwrap();
    assert_eq!(encode(&value, &Type::Dynamic), text);
}

#[test]
fn errors_name_the_place() {
    let ty = Type::object([("a", Type::list(Type::Bool))]);
    let fails = |text: &str| decode(text.as_bytes(), &ty).unwrap_err().to_string();
    assert_eq!(fails(r#"{"a":[true,"x"]}"#), "`a[1]`: a bool is required");
    assert_eq!(fails(r#"{}"#), "`a`: the attribute is missing");
    assert_eq!(fails(r#"{"a":null,"b":1}"#), "there is no attribute `b`");
    assert!(fails("{").starts_with("not valid JSON"));
}

#[test]
fn old_state_is_read_leniently() {
    let text = br#"{"gone":1,"name":"x","secret":"s","shape":{"a":1,"c":2},"disk":[{"size":3}]}"#;
    let value = decode_state(&fields(), text).unwrap();
    assert_eq!(value.member("name").as_str(), Some("x"));
    assert!(value.member("secret").is_null());
    assert_eq!(value.member("shape").as_map().unwrap().len(), 2);
    assert!(value.member("shape").member("b").is_null());
    let disk = &value.member("disk").as_list().unwrap()[0];
    assert_eq!(disk.as_map().unwrap().len(), 1);

    let empty = decode_state_json(&fields(), &serde_json::json!({})).unwrap();
    assert_eq!(empty.member("disk"), &Value::List(Vec::new()));
    assert_eq!(
        super::super::types::conforms(&empty, &super::super::types::implied_type(&fields())),
        Ok(())
    );
}

#[test]
fn deep_nesting_is_refused_without_using_up_the_stack() {
    let mut text = "1".to_owned();
    for _ in 0..300 {
        text = format!(r#"{{"value":[{text}],"type":["list","dynamic"]}}"#);
    }
    assert!(decode(text.as_bytes(), &Type::Dynamic).is_err());
    let open = "[".repeat(200_000);
    assert!(decode(open.as_bytes(), &Type::Dynamic).is_err());
}
