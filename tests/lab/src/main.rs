//! Lab.
fn main() -> anyhow::Result<()> {
    lab::progress::begin();
    lab::machine::require(false)?;
    lab::artefact::build::build(&lab::paths::Paths::standard()?, true)
}
