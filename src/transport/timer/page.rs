//! A page has no process that a timer could keep alive.

use super::Id;

#[derive(Default)]
pub(super) struct Process;

impl Process {
    pub(super) fn handle_set(&self, _id: &Id) {}
}
