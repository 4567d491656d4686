//! Values for parameters that fit a machine.
