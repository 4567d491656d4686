//! Waiting for long-running operations: the `Azure-AsyncOperation` header before the `Location`
//! header before the resource's own `provisioningState`.

mod progress;

use super::request::{Method, Request, Response, resource};
use super::send::{Sender, relative};
use super::{Call, Error, ErrorKind};
use progress::Progress;
use serde_json::Value;
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// Polls for which an operation or a new resource may still be unknown to ARM.
const EARLY: u32 = 10;
/// Polls for which a resource may still show after its deletion was reported complete.
const LINGERING: u32 = 12;

/// What tells the end of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Watch {
    /// The first answer was the last one.
    Nothing,
    AsyncOperation(String),
    Location(String),
    /// The resource and its `provisioningState`.
    Resource,
    /// The resource, until it is not found.
    Absence,
}

/// Waits until the operation that `first` began has ended, and gives its result: the resource for
/// PUT and PATCH, the answer for POST, null for DELETE.
pub(super) async fn finish(
    sender: &Sender,
    call: &Call,
    request: &Request,
    first: Response,
) -> Result<Value, Error> {
    let endpoint = &sender.cloud().await?.endpoint;
    let mut wait = Wait {
        sender,
        call,
        request,
        polls: 0,
        asked: first.retry_after(),
        state: None,
    };
    let result = wait.run(endpoint, first).await;
    result.map_err(|error| {
        wait.explained(error)
            .at(request.method.name(), request.resource())
    })
}

struct Wait<'a> {
    sender: &'a Sender,
    call: &'a Call,
    request: &'a Request,
    polls: u32,
    asked: Option<Duration>,
    state: Option<String>,
}

impl Wait<'_> {
    async fn run(&mut self, endpoint: &Url, first: Response) -> Result<Value, Error> {
        let body = self.first_body(&first)?;
        let watch = choose(endpoint, self.request, &first, &body)?;
        if let Some(error) = progress::refused_in_success(&first, &body) {
            return Err(error);
        }
        let last = match &watch {
            Watch::Nothing => Some(body),
            Watch::Resource | Watch::Absence => None,
            Watch::AsyncOperation(path) => self.follow(path, progress::of_operation).await?,
            Watch::Location(path) => self.follow(path, progress::of_location).await?,
        };
        match self.request.method {
            Method::Delete => self.until_gone(last.is_none()).await,
            Method::Put | Method::Patch => {
                match last.filter(|last| watch == Watch::Nothing && last["id"].is_string()) {
                    Some(last) => Ok(last),
                    None => self.until_settled().await,
                }
            }
            Method::Post => {
                self.result(endpoint, &watch, &first, last.unwrap_or_default())
                    .await
            }
            Method::Get => Ok(last.unwrap_or_default()),
        }
    }

    /// A body is needed only where it says something.
    fn first_body(&self, first: &Response) -> Result<Value, Error> {
        match (self.request.method, first.status) {
            (Method::Delete, _) | (_, 202) => Ok(first.json().unwrap_or_default()),
            _ => first.json(),
        }
    }

    /// Polls an address until it reports the end; gives the last body, or nothing when the record
    /// of the operation is gone.
    async fn follow(
        &mut self,
        path: &str,
        read: fn(&Response, &Value) -> Progress,
    ) -> Result<Option<Value>, Error> {
        let poll = Request::poll(path.to_owned());
        // What is deleted may take the record of its deletion along.
        let mut seen = self.request.method == Method::Delete;
        loop {
            self.pause("the operation").await?;
            let answer = self.sender.send(self.call, &poll).await;
            let response = match answer {
                Ok(response) => response,
                Err(error) if error.kind == ErrorKind::NotFound => {
                    if !seen && self.polls < EARLY {
                        continue;
                    }
                    return Ok(None);
                }
                Err(error) => return Err(self.named(error)),
            };
            seen = true;
            self.asked = response.retry_after().or(self.asked);
            let body = response.json()?;
            match read(&response, &body) {
                Progress::Pending(state) => self.tell(state),
                Progress::Ended => return Ok(Some(body)),
                Progress::Failed(error) => return Err(error),
            }
        }
    }

    /// Reads the resource until its `provisioningState` is terminal.
    async fn until_settled(&mut self) -> Result<Value, Error> {
        let poll = Request::poll(self.request.path.clone());
        loop {
            match self.sender.send(self.call, &poll).await {
                Ok(response) => {
                    self.asked = response.retry_after().or(self.asked);
                    let body = response.json()?;
                    match progress::of_resource(&response, &body) {
                        Progress::Pending(state) => self.tell(state),
                        Progress::Ended => return Ok(body),
                        Progress::Failed(error) => return Err(error),
                    }
                }
                Err(error) if error.kind == ErrorKind::NotFound && self.polls < EARLY => {}
                Err(error) => return Err(self.named(error)),
            }
            self.pause("the resource to settle").await?;
        }
    }

    /// Reads the resource until it is not found. When its deletion was already reported complete,
    /// what still shows is an old copy, which is not waited for without end.
    async fn until_gone(&mut self, only_proof: bool) -> Result<Value, Error> {
        let poll = Request::poll(self.request.path.clone());
        let before = self.polls;
        loop {
            match self.sender.send(self.call, &poll).await {
                Ok(response) if response.status == 204 => return Ok(Value::Null),
                Ok(response) => self.asked = response.retry_after().or(self.asked),
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(Value::Null),
                Err(error) if error.kind == ErrorKind::Forbidden && !only_proof => {
                    return Ok(Value::Null);
                }
                Err(error) => return Err(self.named(error)),
            }
            if !only_proof && self.polls - before >= LINGERING {
                tracing::warn!(
                    path = self.request.resource(),
                    "deleted, but still readable: an old copy"
                );
                return Ok(Value::Null);
            }
            self.pause("the resource to be gone").await?;
        }
    }

    /// The result of an action: the last answer, or where the first one said it would be.
    async fn result(
        &self,
        endpoint: &Url,
        watch: &Watch,
        first: &Response,
        last: Value,
    ) -> Result<Value, Error> {
        let (Watch::AsyncOperation(_), Some(address)) = (watch, first.header("location")) else {
            return Ok(last);
        };
        let path = relative(endpoint, address)?;
        match self.sender.send(self.call, &Request::poll(path)).await {
            Ok(response) => response.json(),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Value::Null),
            Err(error) => Err(self.named(error)),
        }
    }

    async fn pause(&mut self, what: &str) -> Result<(), Error> {
        self.polls += 1;
        let path = self.request.resource();
        let name = format!("{path} {}", self.polls);
        let seed = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
        let wait = self.sender.pacing.poll(self.polls, self.asked, seed);
        self.call.sleep(wait, &format!("{what} (`{path}`)")).await
    }

    /// Every sixth poll is worth a line; with the default pacing that is about once a minute.
    fn tell(&mut self, state: String) {
        if self.polls % 6 == 1 {
            tracing::info!(
                path = self.request.resource(),
                state,
                "waiting for {} to end",
                self.request.method.name()
            );
        }
        self.state = Some(state);
    }

    /// Who stops waiting wants to know how far it was.
    fn explained(&self, mut error: Error) -> Error {
        let stopped = matches!(
            error.kind,
            ErrorKind::Canceled | ErrorKind::DeadlineExceeded
        );
        if let Some(state) = self.state.as_ref().filter(|_| stopped) {
            error.message.push_str(&format!(", last seen as `{state}`"));
        }
        error
    }

    /// An error of a poll belongs to the request that began the operation.
    fn named(&self, mut error: Error) -> Error {
        error.method = None;
        error.path = None;
        error.at(self.request.method.name(), self.request.resource())
    }
}

fn choose(
    endpoint: &Url,
    request: &Request,
    first: &Response,
    body: &Value,
) -> Result<Watch, Error> {
    if let Some(address) = first.header("azure-asyncoperation") {
        return relative(endpoint, address).map(Watch::AsyncOperation);
    }
    let location = match first
        .header("location")
        .filter(|_| matches!(first.status, 201 | 202))
    {
        Some(address) => Some(relative(endpoint, address)?),
        None => None,
    };
    let elsewhere = location.filter(|path| !super::ids::same(resource(path), request.resource()));
    Ok(match (request.method, elsewhere) {
        (Method::Put | Method::Patch, Some(path)) if first.status == 202 => Watch::Location(path),
        (Method::Put | Method::Patch, _) => {
            let pending = matches!(progress::of_resource(first, body), Progress::Pending(_));
            if pending || first.status == 202 {
                Watch::Resource
            } else {
                Watch::Nothing
            }
        }
        (_, Some(path)) => Watch::Location(path),
        (Method::Delete, None) if first.status == 202 => Watch::Absence,
        _ => Watch::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::headers::Headers;
    use bytes::Bytes;
    use serde_json::json;

    fn watch(
        method: Method,
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: Value,
    ) -> Watch {
        let mut map = Headers::new();
        for (name, value) in headers {
            map.insert(*name, *value);
        }
        let response = Response {
            status,
            headers: map,
            body: Bytes::from(body.to_string()),
        };
        let endpoint = Url::parse("https://arm.local").unwrap();
        let request = Request::new(method, "/s/r?api-version=v".into(), None);
        choose(&endpoint, &request, &response, &body).unwrap()
    }

    #[test]
    fn the_watch_follows_headers_then_state() {
        let operation = ("azure-asyncoperation", "https://elsewhere/op/1?v=2");
        let location = ("location", "https://elsewhere/result/1");
        let own = ("location", "https://arm.local/S/R?api-version=v");
        let updating = json!({"properties": {"provisioningState": "Updating"}});
        let ready = json!({"properties": {"provisioningState": "Succeeded"}});
        let op = || Watch::AsyncOperation("/op/1?v=2".into());
        let loc = || Watch::Location("/result/1".into());
        let cases = [
            (
                Method::Put,
                201,
                vec![operation, location],
                updating.clone(),
                op(),
            ),
            (Method::Put, 202, vec![location], Value::Null, loc()),
            (Method::Put, 202, vec![own], Value::Null, Watch::Resource),
            (Method::Put, 201, vec![own], ready.clone(), Watch::Nothing),
            (Method::Put, 201, vec![], updating.clone(), Watch::Resource),
            (Method::Patch, 200, vec![], ready, Watch::Nothing),
            (Method::Patch, 202, vec![], Value::Null, Watch::Resource),
            (Method::Post, 202, vec![location], Value::Null, loc()),
            (Method::Post, 202, vec![], Value::Null, Watch::Nothing),
            (Method::Post, 200, vec![], updating, Watch::Nothing),
            (Method::Delete, 202, vec![location], Value::Null, loc()),
            (Method::Delete, 202, vec![], Value::Null, Watch::Absence),
            (Method::Delete, 204, vec![], Value::Null, Watch::Nothing),
        ];
        for (method, status, headers, body, expected) in cases {
            let text = format!("{method:?} {status} {headers:?}");
            assert_eq!(watch(method, status, &headers, body), expected, "{text}");
        }
    }
}
