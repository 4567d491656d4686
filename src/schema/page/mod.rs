//! Documentation pages in the layout of the registry, rendered from the declarations.

mod fields;
mod function;
#[cfg(test)]
mod tests;

pub use function::function_page;

use super::resource::Schema;
use fields::schema_section;

/// What a page has beside the schema.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageExtras<'a> {
    /// Name of the provider, for the title.
    pub provider: &'a str,
    pub subcategory: &'a str,
    /// Configuration that is shown as example; empty for none.
    pub example: &'a str,
    /// Markdown about importing; empty for none.
    pub import: &'a str,
}

pub fn resource_page(type_name: &str, schema: &Schema, extras: &PageExtras<'_>) -> String {
    object_page(type_name, "Resource", schema, extras)
}

pub fn data_source_page(type_name: &str, schema: &Schema, extras: &PageExtras<'_>) -> String {
    object_page(type_name, "Data Source", schema, extras)
}

pub fn ephemeral_page(type_name: &str, schema: &Schema, extras: &PageExtras<'_>) -> String {
    object_page(type_name, "Ephemeral Resource", schema, extras)
}

/// The index page.
pub fn provider_page(name: &str, schema: &Schema, extras: &PageExtras<'_>) -> String {
    let mut page = front_matter(&format!("Provider: {name}"), extras, &schema.description);
    page.push_str(&format!("# {name} Provider\n\n{}\n", schema.description));
    push_example(&mut page, extras.example);
    page.push_str(&schema_section(&schema.fields));
    page
}

fn object_page(type_name: &str, kind: &str, schema: &Schema, extras: &PageExtras<'_>) -> String {
    let title = format!("{type_name} {kind} - {}", extras.provider);
    let mut page = front_matter(&title, extras, &schema.description);
    page.push_str(&format!(
        "# {type_name} ({kind})\n\n{}\n",
        schema.description
    ));
    push_example(&mut page, extras.example);
    page.push_str(&schema_section(&schema.fields));
    if !extras.import.is_empty() {
        page.push_str(&format!("\n## Import\n\n{}\n", extras.import.trim()));
    }
    page
}

/// The title is quoted because it may hold what YAML would read as syntax; the description is the first paragraph.
fn front_matter(title: &str, extras: &PageExtras<'_>, description: &str) -> String {
    let summary = description.split("\n\n").next().unwrap_or_default();
    format!(
        "---\npage_title: {title:?}\nsubcategory: {:?}\ndescription: |-\n  {summary}\n---\n\n",
        extras.subcategory
    )
}

fn push_example(page: &mut String, example: &str) {
    if !example.is_empty() {
        let example = example.trim();
        page.push_str(&format!(
            "\n## Example Usage\n\n```terraform\n{example}\n```\n"
        ));
    }
}
