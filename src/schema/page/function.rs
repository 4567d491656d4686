//! The page of a function.

use super::{PageExtras, front_matter, push_example};
use crate::schema::resource::Signature;

pub fn function_page(name: &str, signature: &Signature, extras: &PageExtras<'_>) -> String {
    let title = format!("{name} function - {}", extras.provider);
    let mut page = front_matter(&title, extras, signature.summary);
    page.push_str(&format!(
        "# function: {name}\n\n{}\n",
        signature.description
    ));
    push_example(&mut page, extras.example);
    let parameters: Vec<_> = signature
        .parameters
        .iter()
        .map(|parameter| format!("{} {}", parameter.name, parameter.ty.describe()))
        .collect();
    page.push_str(&format!(
        "\n## Signature\n\n```text\n{name}({}) {}\n```\n",
        parameters.join(", "),
        signature.returns.describe()
    ));
    if !signature.parameters.is_empty() {
        page.push_str("\n## Arguments\n\n");
    }
    for (index, parameter) in signature.parameters.iter().enumerate() {
        let nullable = if parameter.allow_null {
            ", Nullable"
        } else {
            ""
        };
        page.push_str(&format!(
            "{}. `{}` ({}{nullable}) {}\n",
            index + 1,
            parameter.name,
            parameter.ty.describe(),
            parameter.description
        ));
    }
    page
}
