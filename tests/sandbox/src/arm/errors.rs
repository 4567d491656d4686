//! Errors as ARM and the resource providers behind it send them.

use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq)]
pub struct ArmError {
    pub status: u16,
    pub code: String,
    pub message: String,
    pub target: Option<Box<str>>,
    /// AKS tells more in it than in `code`.
    pub subcode: Option<Box<str>>,
    pub headers: Vec<(&'static str, String)>,
    /// The body is the error itself, not `{"error": ...}`.
    pub bare: bool,
}

impl ArmError {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            target: None,
            subcode: None,
            headers: Vec::new(),
            bare: false,
        }
    }

    pub fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::new(409, code, message)
    }

    pub fn not_found(id: &str, group: &str) -> Self {
        let what = id.split_once("/providers/").map_or(id, |(_, after)| after);
        Self::new(
            404,
            "ResourceNotFound",
            format!(
                "The Resource '{what}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            ),
        )
    }

    pub fn group_not_found(group: &str) -> Self {
        let text = format!("Resource group '{group}' could not be found.");
        Self::new(404, "ResourceGroupNotFound", text)
    }

    pub fn method(method: &str) -> Self {
        let text = format!("The requested resource does not support http method '{method}'.");
        Self::new(405, "MethodNotAllowed", text)
    }

    /// A property that cannot be changed once set.
    pub fn immutable(code: &str, property: &str) -> Self {
        let text = format!("Changing property '{property}' is not allowed.");
        let mut error = Self::bad_request(code, text);
        error.target = Some(property.into());
        error
    }

    pub fn target(mut self, target: &str) -> Self {
        self.target = Some(target.into());
        self
    }

    pub fn subcode(mut self, subcode: &str) -> Self {
        self.subcode = Some(subcode.into());
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn bare(mut self, bare: bool) -> Self {
        self.bare = bare;
        self
    }

    /// The error object, as in a body or in a failed operation.
    pub fn object(&self) -> Value {
        let mut object = json!({"code": self.code, "message": self.message});
        if let Some(target) = &self.target {
            object["target"] = json!(target);
        }
        if let Some(subcode) = &self.subcode {
            object["subcode"] = json!(subcode);
        }
        object
    }

    pub fn body(&self) -> Value {
        if self.bare {
            self.object()
        } else {
            json!({"error": self.object()})
        }
    }
}
