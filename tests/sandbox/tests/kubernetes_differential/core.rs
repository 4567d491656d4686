//! Stories about built-in kinds.

mod errors;
mod kinds;
mod ownership;
mod verbs;

use super::Sequence;

pub fn sequences() -> Vec<Sequence> {
    let all = [
        verbs::sequences(),
        ownership::sequences(),
        kinds::sequences(),
        errors::sequences(),
    ];
    all.into_iter().flatten().collect()
}
