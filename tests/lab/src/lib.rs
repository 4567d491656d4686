//! Lab.
pub mod artefact;
pub mod machine;
pub mod paths;
pub mod pins;
pub mod progress;
pub mod shell;
