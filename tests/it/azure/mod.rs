//! Stories against the sandbox: Azure and Kubernetes as far as a user of the provider can tell.

mod drift;
mod interrupted;
mod life;
mod ownership;
mod page;
mod refused;

use crate::support::runner::Story;

pub fn stories() -> Vec<Story<()>> {
    vec![
        Story::new("create_then_empty_plans", life::create),
        Story::new("update_in_place", life::update),
        Story::new("destroy_leaves_nothing", life::destroy),
        Story::new("no_secret_is_written", life::secrets),
        Story::new("changes_by_hand", drift::by_hand),
        Story::new("objects_that_disappear", drift::disappears),
        Story::new("all_gone_is_planned_anew", drift::all_gone),
        Story::new("foreign_objects_are_left_alone", ownership::foreign),
        Story::new("import_by_id", ownership::by_id),
        Story::new("import_by_identity", ownership::by_identity).with(&["tofu"]),
        Story::new("create_that_fails_goes_on", interrupted::at_call).with(&["tofu"]),
        Story::new("create_that_is_killed_goes_on", interrupted::killed),
        Story::new("deletion_protection", refused::protected),
        Story::new("ten_mistakes_ten_errors", refused::bad_input),
    ]
}
