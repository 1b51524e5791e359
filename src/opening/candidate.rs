//! Of several openings that may share an HTTP/2 session, the first connects and the others wait.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::ptr::addr_eq;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Where one opening stands among those that may share a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It connects.
    Leads,
    /// It waits, because the first is connecting.
    Follows,
    /// The first has a session, which has room for this one.
    MayJoin,
    /// It waits for nobody: two before it have failed, or it has told its followers how to go on.
    IsAlone,
    /// The server has no WebSockets over HTTP/2.
    DoesWithout,
}

/// What an opening tells those that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It has a session with room for this many others. The next one leads, and the rest follow that one.
    Session(usize),
    /// The server has no WebSockets over HTTP/2. All others connect at once, with HTTP/1.1.
    NoHttp2,
    /// It failed, which may be its own fault: the next one leads. If that one fails too, all others connect at once.
    Failure,
    /// None, because it was closed, or has found a session elsewhere. The next one leads.
    None,
}

/// One opening, until it is dropped. As a future, it is ready once it follows no other.
pub(super) struct Candidate {
    /// Its line's.
    key: Rc<dyn Any>,
    standing: Rc<Cell<Standing>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

type Follower = (Rc<Cell<Standing>>, Rc<RefCell<Option<Waker>>>);

/// A leader's followers.
struct Line {
    /// Of the sessions that they may share: [`super::Dial::Key`].
    key: Rc<dyn Any>,
    followers: Vec<Follower>,
    /// The leader before this one failed.
    is_second_try: bool,
}

thread_local! {
    /// One line for each leader.
    static LINES: RefCell<Vec<Line>> = RefCell::default();
}

impl Line {
    fn has_key(&self, key: &Rc<dyn Any>) -> bool {
        addr_eq(Rc::as_ptr(&self.key), Rc::as_ptr(key))
    }
}

/// The key of the line that has an equal one. (While keys are compared nothing is borrowed, because the user's code may run.)
fn equal_key<K: PartialEq + 'static>(key: &K) -> Option<Rc<dyn Any>> {
    let keys: Vec<_> = LINES.with_borrow(|lines| lines.iter().map(|line| line.key.clone()).collect());
    keys.into_iter().find(|it| it.downcast_ref() == Some(key))
}

impl Candidate {
    /// Leads if no other does that may share its session.
    pub(super) fn new<K: PartialEq + 'static>(key: K) -> Self {
        let standing = Rc::new(Cell::new(Standing::Leads));
        let waker = Rc::default();
        let key = equal_key(&key).unwrap_or_else(|| Rc::new(key));
        LINES.with_borrow_mut(|lines| {
            if let Some(line) = lines.iter_mut().find(|line| line.has_key(&key)) {
                standing.set(Standing::Follows);
                line.followers.push((standing.clone(), Rc::clone(&waker)));
            } else {
                lines.push(Line { key: key.clone(), followers: Vec::new(), is_second_try: false });
            }
        });
        Self { key, standing, waker }
    }

    /// Whether this is the key that it was made with.
    pub(super) fn has_key<K: PartialEq + 'static>(&self, key: &K) -> bool {
        self.key.downcast_ref() == Some(key)
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing.get()
    }

    /// Tells the followers how to go on. Only a leader's news count.
    pub(super) fn tell(&self, news: News) {
        if self.standing.replace(Standing::IsAlone) != Standing::Leads {
            return;
        }
        let line = LINES.with_borrow_mut(|lines| lines.extract_if(.., |line| line.has_key(&self.key)).next());
        let Some(Line { key, mut followers, is_second_try }) = line else { return };
        let (standing, how_many) = match news {
            News::Session(room) => (Standing::MayJoin, room),
            News::NoHttp2 => (Standing::DoesWithout, usize::MAX),
            News::Failure if is_second_try => (Standing::IsAlone, usize::MAX),
            News::Failure | News::None => (Standing::Follows, 0),
        };
        let mut rest = followers.split_off(how_many.min(followers.len())).into_iter();
        let mut all: Vec<_> = followers.into_iter().map(|follower| (follower, standing)).collect();
        if let Some(next) = rest.next() {
            all.push((next, Standing::Leads));
            let line = Line { key, followers: rest.collect(), is_second_try: news == News::Failure };
            LINES.with_borrow_mut(|lines| lines.push(line));
        }
        all.iter().for_each(|((cell, _), standing)| cell.set(*standing));
        for ((_, waker), _) in all {
            let waker = waker.borrow_mut().take(); // not while it is borrowed: a waker may run anything
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl Future for &Candidate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.standing() != Standing::Follows {
            return Poll::Ready(());
        }
        self.waker.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        if self.standing() == Standing::Follows {
            LINES.with_borrow_mut(|lines| {
                if let Some(line) = lines.iter_mut().find(|line| line.has_key(&self.key)) {
                    line.followers.retain(|(standing, _)| !Rc::ptr_eq(standing, &self.standing));
                }
            });
        }
        self.tell(News::None);
    }
}
