//! Data sources, ephemeral resources and functions.

use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;
use terraform_provider_postgres::schema::resource::FunctionError;
use terraform_provider_postgres::schema::value::{Type, Value};

use super::fake::Fake;
use super::served::{Served, got_as, sent_as, token_type, told};

fn token(token: impl Into<Value>) -> Value {
    let members = [("name", "a".into()), ("token", token.into())];
    Value::Map(members.map(|(name, value)| (name.to_owned(), value)).into())
}

fn config() -> Option<wire::DynamicValue> {
    sent_as(&token(Value::Null), &token_type())
}

fn answering(answer: Value) -> Fake {
    Fake {
        token: Box::new(move |_| answer.clone()),
        ..Fake::default()
    }
}

async fn read(answer: Value) -> wire::read_data_source::Response {
    let request = wire::read_data_source::Request {
        type_name: "test_token".to_owned(),
        config: config(),
        ..Default::default()
    };
    let mut served = Served::new(answering(answer)).await;
    let answer = served.client.read_data_source(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_data_source_is_read() {
    let answer = read(token("t")).await;
    assert_eq!(told(&answer.diagnostics), "");
    assert_eq!(got_as(answer.state, &token_type()), token("t"));
}

#[tokio::test]
async fn a_data_source_that_does_not_fit_the_schema_is_told() {
    for wrong in [token(true), token(Value::Unknown), "text".into()] {
        let answer = read(wrong).await;
        assert!(told(&answer.diagnostics).contains("The provider has a bug"));
        assert!(answer.state.is_none());
    }
}

#[tokio::test]
async fn an_ephemeral_resource_lives_from_open_to_close() {
    let mut served = Served::new(answering(token("t"))).await;
    let client = &mut served.client;
    let type_name = "test_token".to_owned();
    let request = wire::open_ephemeral_resource::Request {
        type_name: type_name.clone(),
        config: config(),
        ..Default::default()
    };
    let opened = client.open_ephemeral_resource(request).await.unwrap();
    let opened = opened.into_inner();
    assert_eq!(told(&opened.diagnostics), "");
    assert_eq!(got_as(opened.result, &token_type()), token("t"));
    assert_eq!(opened.renew_at.unwrap().seconds, 1_700_000_000);

    let request = wire::renew_ephemeral_resource::Request {
        type_name: type_name.clone(),
        private: opened.private,
    };
    let renewed = client.renew_ephemeral_resource(request).await.unwrap();
    let renewed = renewed.into_inner();
    assert_eq!(renewed.renew_at.unwrap().seconds, 1_700_000_060);

    let request = wire::close_ephemeral_resource::Request {
        type_name,
        private: renewed.private,
    };
    let closed = client.close_ephemeral_resource(request).await.unwrap();
    let text = told(&closed.into_inner().diagnostics);
    assert_eq!(text, "Closed: opened, renewed\n");
}

#[tokio::test]
async fn an_ephemeral_result_that_does_not_fit_is_told() {
    let request = wire::open_ephemeral_resource::Request {
        type_name: "test_token".to_owned(),
        config: config(),
        ..Default::default()
    };
    let mut served = Served::new(answering(token(true))).await;
    let answer = served.client.open_ephemeral_resource(request).await;
    let answer = answer.unwrap().into_inner();
    assert!(told(&answer.diagnostics).contains("The provider has a bug"));
    assert!(answer.result.is_none());
}

async fn call(
    fake: Fake,
    arguments: Vec<Option<wire::DynamicValue>>,
) -> Result<Value, (String, Option<i64>)> {
    let request = wire::call_function::Request {
        name: "join".to_owned(),
        arguments: arguments.into_iter().flatten().collect(),
    };
    let mut served = Served::new(fake).await;
    let answer = served.client.call_function(request).await.unwrap();
    let answer = answer.into_inner();
    match answer.error {
        Some(error) => {
            assert!(answer.result.is_none());
            Err((error.text, error.function_argument))
        }
        None => Ok(got_as(answer.result, &Type::String)),
    }
}

fn joining() -> Fake {
    Fake {
        function: Box::new(|arguments| match arguments.as_slice() {
            [_, Value::Null] => Err(FunctionError {
                text: "b must be set".to_owned(),
                argument: Some(1),
            }),
            arguments => Ok(Value::String(format!(
                "{}{}",
                arguments[0].as_str().unwrap_or("null"),
                arguments[1].as_i64().unwrap()
            ))),
        }),
        ..Fake::default()
    }
}

#[tokio::test]
async fn a_function_answers_or_says_which_argument_is_wrong() {
    let a = || sent_as(&"a".into(), &Type::String);
    let b = || sent_as(&Value::int(7), &Type::Number);
    let null = || Some(wire::DynamicValue::default());
    assert_eq!(call(joining(), vec![a(), b()]).await, Ok("a7".into()));
    assert_eq!(call(joining(), vec![null(), b()]).await, Ok("null7".into()));
    let error = ("b must be set".to_owned(), Some(1));
    assert_eq!(call(joining(), vec![a(), null()]).await, Err(error));
    let (_, argument) = call(joining(), vec![a(), a()]).await.unwrap_err();
    assert_eq!(argument, Some(1));
    let (text, argument) = call(joining(), vec![a()]).await.unwrap_err();
    assert_eq!(argument, None);
    assert_eq!(text, "2 arguments are required, 1 were given");
}

#[tokio::test]
async fn a_function_result_of_another_type_is_told() {
    let fake = Fake {
        function: Box::new(|_| Ok(true.into())),
        ..Fake::default()
    };
    let null = || Some(wire::DynamicValue::default());
    let (text, _) = call(fake, vec![null(), null()]).await.unwrap_err();
    assert!(text.contains("The provider has a bug"), "{text}");
}

#[tokio::test]
async fn a_renewal_that_fails_keeps_what_closing_needs() {
    let mut served = Served::new(Fake::panicking("renew")).await;
    let request = wire::renew_ephemeral_resource::Request {
        type_name: "test_token".to_owned(),
        private: Some(b"opened".to_vec()),
    };
    let answer = served.client.renew_ephemeral_resource(request).await;
    let answer = answer.unwrap().into_inner();
    assert!(told(&answer.diagnostics).contains("A handler panicked"));
    assert_eq!(answer.private.as_deref(), Some(b"opened".as_slice()));
}
