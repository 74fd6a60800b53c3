//! Placeholder.
pub mod propagation;
