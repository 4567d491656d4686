//! The generated wire types.

#[allow(clippy::all, clippy::pedantic, clippy::expect_used, missing_docs)]
pub mod tfplugin5 {
    tonic::include_proto!("tfplugin5");
}

#[allow(clippy::all, clippy::pedantic, clippy::expect_used, missing_docs)]
pub mod go_plugin {
    tonic::include_proto!("plugin");
}
