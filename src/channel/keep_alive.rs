//! Keep-alive: when to ping a silent peer, and when to give up on it (`pingInterval`, `pingTimeout`).
//!
//! The driver calls [`KeepAlive::handle_heard`] when bytes arrive. It calls [`KeepAlive::look`] when the time that the
//! previous look returned is over. Times are milliseconds of any clock that does not run backwards.

/// What to do now.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Look {
    /// Look again after this many milliseconds.
    Wait(f64),
    /// Send a ping, and look again after this many milliseconds.
    Ping(f64),
    /// The peer, or the path to it, is gone.
    GiveUp,
}

/// One channel's keep-alive.
#[derive(Clone, Debug)]
pub struct KeepAlive {
    /// How long a peer may be silent before a ping goes out.
    interval: f64,
    /// How long a peer may be silent after a ping before it counts as gone.
    timeout: f64,
    /// When bytes last arrived.
    heard: f64,
    /// The last ping, if nothing has arrived since.
    pinged: Option<Pinged>,
}

#[derive(Clone, Copy, Debug)]
struct Pinged {
    at: f64,
    /// The number of bytes that the system had not taken then. They go out before the ping.
    backlog: u64,
}

impl KeepAlive {
    /// For a channel that opens now. Call `look` for the first time after `interval`. All times are in milliseconds.
    pub fn new(interval: f64, timeout: f64, now: f64) -> Self {
        Self { interval, timeout, heard: now, pinged: None }
    }

    /// Bytes arrived.
    #[inline]
    pub fn handle_heard(&mut self, now: f64) {
        self.heard = now;
    }

    /// The time that the previous look returned is over. `backlog` is the number of written bytes that the system has not taken.
    pub fn look(&mut self, now: f64, backlog: u64) -> Look {
        let silence = now - self.heard;
        match self.pinged {
            Some(pinged) if self.heard < pinged.at => self.wait_for_answer(now, pinged, backlog),
            _ if silence < self.interval => {
                self.pinged = None;
                Look::Wait(self.interval - silence)
            }
            _ => {
                self.pinged = Some(Pinged { at: now, backlog });
                Look::Ping(self.interval.min(self.timeout))
            }
        }
    }

    fn wait_for_answer(&mut self, now: f64, pinged: Pinged, backlog: u64) -> Look {
        let left = self.timeout - (now - pinged.at);
        if left > 0.0 {
            return Look::Wait(left.min(self.interval));
        }
        if backlog > 0 && backlog != pinged.backlog {
            // The system is still taking bytes from before the ping, so the ping has not reached the peer.
            self.pinged = Some(Pinged { at: now, backlog });
            return Look::Wait(self.timeout);
        }
        Look::GiveUp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_peer_is_pinged_and_then_counts_as_gone() {
        let mut keep_alive = KeepAlive::new(5000.0, 2000.0, 0.0);
        assert_eq!(keep_alive.look(5000.0, 0), Look::Ping(2000.0));
        assert_eq!(keep_alive.look(6500.0, 0), Look::Wait(500.0));
        assert_eq!(keep_alive.look(7000.0, 0), Look::GiveUp);
    }

    #[test]
    fn arriving_bytes_put_off_the_ping() {
        let mut keep_alive = KeepAlive::new(5000.0, 2000.0, 0.0);
        keep_alive.handle_heard(4000.0);
        assert_eq!(keep_alive.look(5000.0, 0), Look::Wait(4000.0));
        assert_eq!(keep_alive.look(9000.0, 0), Look::Ping(2000.0));
        keep_alive.handle_heard(9001.0);
        assert_eq!(keep_alive.look(11_000.0, 0), Look::Wait(3001.0));
    }

    #[test]
    fn a_ping_is_not_overdue_while_the_system_takes_bytes_from_before_it() {
        let mut keep_alive = KeepAlive::new(1000.0, 1000.0, 0.0);
        assert_eq!(keep_alive.look(1000.0, 900), Look::Ping(1000.0));
        assert_eq!(keep_alive.look(2000.0, 500), Look::Wait(1000.0), "some was taken");
        assert_eq!(keep_alive.look(3000.0, 500), Look::GiveUp, "nothing more was");
    }

    #[test]
    fn a_timeout_longer_than_the_interval_is_checked_in_steps() {
        let mut keep_alive = KeepAlive::new(1000.0, 3500.0, 0.0);
        assert_eq!(keep_alive.look(1000.0, 0), Look::Ping(1000.0));
        for now in [2000.0, 3000.0, 4000.0] {
            assert!(matches!(keep_alive.look(now, 0), Look::Wait(ms) if ms <= 1000.0));
        }
        assert_eq!(keep_alive.look(4500.0, 0), Look::GiveUp);
    }
}
