//! Stories.

mod wire;
