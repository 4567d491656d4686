//! The client as its callers see it: against scripted answers, and against a real API server.

mod real;
mod real_errors;
mod real_wait;
mod scripted;
