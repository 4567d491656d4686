//! Stories on a real cluster. Each has a namespace of its own and leaves nothing there.

mod azure;
mod changes;
mod disks;
mod failures;
mod page;
mod place;
mod writer;

use lab::Lab;

use crate::support::runner::Story;

pub fn stories() -> Vec<Story<Lab>> {
    vec![
        Story::new("one_page_and_a_killed_primary", failures::story).with(&["tofu"]),
        Story::new("azure_in_front_of_a_real_cluster", azure::story).with(&["tofu"]),
        Story::new("changes_and_drift", changes::story).with(&["tofu"]),
        Story::new("disks_are_taken_up_again", disks::story).with(&["terraform"]),
    ]
}
