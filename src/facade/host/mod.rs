//! What only one host can do: the same functions for each.

#[cfg(feature = "node")]
mod accept;
#[cfg(feature = "node")]
mod broadcast;
#[cfg(not(feature = "node"))]
mod browser;
#[cfg(feature = "node")]
mod node;

#[cfg(not(feature = "node"))]
pub(super) use browser::*;
#[cfg(feature = "node")]
pub(super) use {broadcast::*, node::*};
