//! Properties over generated types, values and schemas.

mod codecs;
mod generate;
mod plans;
mod schemas;
