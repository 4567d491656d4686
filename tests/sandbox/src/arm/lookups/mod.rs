//! What ARM answers besides stored resources. Each file below answers for
//! its own paths; the list in [`find`] is complete.

pub mod compute;
mod contents;
mod discovery;
pub mod kubernetes;
mod operations;
mod providers;
pub mod roles;
mod storage;
mod tags;

pub use discovery::anonymous;

use super::errors::ArmError;
use super::kind::Answer;
use super::request::Call;
use super::store::State;
use super::versions;
use crate::world::World;

/// A request on its way through the lookups.
pub struct Lookup<'a> {
    pub world: &'a World,
    pub state: &'a mut State,
    pub call: &'a Call,
    /// The path's segments in lower case.
    pub segments: Vec<String>,
}

pub type Found = Option<Result<Answer, ArmError>>;

impl Lookup<'_> {
    /// The segments behind `/subscriptions/{id}`.
    fn in_subscription(&self) -> Option<Vec<&str>> {
        match self.segments.first().map(String::as_str) {
            Some("subscriptions") => {
                Some(self.segments.iter().skip(2).map(String::as_str).collect())
            }
            _ => None,
        }
    }

    fn is(&self, method: &str) -> bool {
        self.call.method == method
    }

    fn version(&self, kind: &str, accepted: &[&str]) -> Result<(), ArmError> {
        let location = &self.world.options.location;
        versions::check(kind, accepted, self.call.version(), location)
    }
}

pub fn find(world: &World, state: &mut State, call: &Call) -> Found {
    let segments = call
        .path
        .split('/')
        .skip(1)
        .filter(|s| !s.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut lookup = Lookup {
        world,
        state,
        call,
        segments,
    };
    let all: [fn(&mut Lookup<'_>) -> Found; 9] = [
        operations::find,
        discovery::find,
        providers::find,
        contents::find,
        tags::find,
        roles::find,
        compute::find,
        kubernetes::find,
        storage::find,
    ];
    all.into_iter().find_map(|find| find(&mut lookup))
}

/// Only one subscription exists.
pub fn subscription_exists(world: &World, call: &Call) -> Result<(), ArmError> {
    let mut segments = call.path.split('/').skip(1);
    if !segments
        .next()
        .is_some_and(|s| s.eq_ignore_ascii_case("subscriptions"))
    {
        return Ok(());
    }
    match segments.next() {
        Some(id) if !id.eq_ignore_ascii_case(&world.options.subscription_id) => Err(ArmError::new(
            404,
            "SubscriptionNotFound",
            format!("The subscription '{id}' could not be found."),
        )),
        _ => Ok(()),
    }
}
