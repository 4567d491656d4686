//! Stories against the sandbox.

use crate::support::runner::Story;

pub fn stories() -> Vec<Story<()>> {
    Vec::new()
}
