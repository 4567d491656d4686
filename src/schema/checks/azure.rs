//! Rules for Azure.

use super::text::is_uuid;
use super::text_is;
use crate::schema::value::Value;

/// The id of an ARM resource of `resource_type`, such as `Microsoft.Network/virtualNetworks/subnets`. ARM compares ids without regard to case.
pub fn arm_id(value: &Value, resource_type: &str) -> Result<(), String> {
    let expected = format!(
        "it must be a resource id of the form `{}`",
        form(resource_type)
    );
    text_is(value, &expected, |text| is_id_of(text, resource_type))
}

fn is_group(resource_type: &str) -> bool {
    resource_type.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups")
}

fn form(resource_type: &str) -> String {
    let mut form = "/subscriptions/<id>/resourceGroups/<name>".to_owned();
    if !is_group(resource_type) {
        let mut segments = resource_type.split('/');
        form.push_str("/providers/");
        form.push_str(segments.next().unwrap_or_default());
        for segment in segments {
            form.push_str(&format!("/{segment}/<name>"));
        }
    }
    form
}

/// Compares with the form segment by segment; a segment in angle brackets stands for a name.
fn is_id_of(id: &str, resource_type: &str) -> bool {
    let form = form(resource_type);
    let expected: Vec<_> = form.split('/').collect();
    let given: Vec<_> = id.split('/').collect();
    expected.len() == given.len()
        && expected
            .iter()
            .zip(given)
            .all(|(expected, given)| match *expected {
                "<id>" => is_uuid(given),
                "<name>" => !given.is_empty() && given.trim() == given,
                fixed => fixed.eq_ignore_ascii_case(given),
            })
}
