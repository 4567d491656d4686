//! Objects of CloudNativePG.
