//! Of several openings by one route that offer HTTP/2, the first connects and the others wait, because they may all become streams
//! of its session.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::Route;

/// The place of one opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It connects.
    Leads,
    /// It waits, because the first is connecting.
    Follows,
    /// The first has a session, which has room for this one.
    MayJoin,
    /// The first has no session to share.
    IsAlone,
}

/// One opening, until it is dropped. As a future, it is ready once it follows no other.
pub(super) struct Leader {
    route: Route,
    place: Rc<Cell<Place>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

type Follower = (Rc<Cell<Place>>, Rc<RefCell<Option<Waker>>>);

thread_local! {
    /// The followers of each route's leader.
    static LED: RefCell<HashMap<Route, Vec<Follower>>> = RefCell::default();
}

impl Leader {
    /// Leads if no other does.
    pub(super) fn new(route: Route) -> Self {
        let place = Rc::new(Cell::new(Place::Leads));
        let waker = Rc::default();
        LED.with_borrow_mut(|led| {
            if let Some(followers) = led.get_mut(&route) {
                place.set(Place::Follows);
                followers.push((place.clone(), Rc::clone(&waker)));
            } else {
                led.insert(route.clone(), Vec::new());
            }
        });
        Self { route, place, waker }
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    pub(super) fn place(&self) -> Place {
        self.place.get()
    }

    /// This opening has a session with `room` for others: that many followers may join it, the next one leads, and the rest follow that
    /// one. `None` means that there is no session, and all followers go on by themselves. Only a leader's report counts.
    pub(super) fn arrive(&self, room: Option<usize>) {
        if self.place.replace(Place::IsAlone) != Place::Leads {
            return;
        }
        let mut followers = LED.with_borrow_mut(|led| led.remove(&self.route)).unwrap_or_default();
        let rest = followers.split_off(room.unwrap_or(usize::MAX).min(followers.len()));
        let place = if room.is_some() { Place::MayJoin } else { Place::IsAlone };
        let mut all: Vec<_> = followers.into_iter().map(|follower| (follower, place)).collect();
        let mut rest = rest.into_iter();
        if let Some(next) = rest.next() {
            all.push((next, Place::Leads));
            LED.with_borrow_mut(|led| led.insert(self.route.clone(), rest.collect()));
        }
        all.iter().for_each(|((cell, _), place)| cell.set(*place));
        for ((_, waker), _) in all {
            let waker = waker.borrow_mut().take(); // not while it is borrowed: a waker may run anything
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl Future for &Leader {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.place() != Place::Follows {
            return Poll::Ready(());
        }
        self.waker.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if self.place() == Place::Follows {
            LED.with_borrow_mut(|led| {
                if let Some(followers) = led.get_mut(&self.route) {
                    followers.retain(|(place, _)| !Rc::ptr_eq(place, &self.place));
                }
            });
        }
        self.arrive(Some(0)); // the next one leads
    }
}
