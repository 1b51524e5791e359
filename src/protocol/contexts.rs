//! The compression contexts of this process, and the memory that they take together.
//!
//! A compressor with the largest window takes 350 KiB, and there may be ten thousand connections. So between two messages a
//! connection only keeps its context as long as all of them fit the budget. Beyond it, the least recently used gives way: a
//! compressor starts afresh, which a sender may always do (RFC 7692 §7.1.1), and a decompressor keeps its window, from which it
//! is made again.
//!
//! A context that nobody has is kept for the next connection, and counts. Freeing it would leave a hole in memory, which small
//! allocations would fill so that the next context does not fit there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::rc::{Rc, Weak};

use zlib_rs::{Deflate, Inflate};

/// The most that all contexts take together unless [`set_budget`] says otherwise, in bytes.
pub const DEFAULT_BUDGET: usize = 64 << 20;

/// A compressor or a decompressor.
pub(super) trait Context: Sized {
    /// What makes two of them interchangeable.
    type Shape: Copy + PartialEq;

    fn new(shape: Self::Shape) -> Self;
    /// What one takes, in bytes.
    fn size(shape: Self::Shape) -> usize;
    /// Makes it as good as new.
    fn reset(&mut self);
    /// Those there are.
    fn all(contexts: &mut Contexts) -> &mut All<Self>;
}

impl Context for Inflate {
    /// A decompressor with the largest window reads every stream.
    type Shape = ();

    fn new((): ()) -> Self {
        Self::new(false, 15)
    }

    fn size((): ()) -> usize {
        48 << 10
    }

    fn reset(&mut self) {
        self.reset(false);
    }

    fn all(contexts: &mut Contexts) -> &mut All<Self> {
        &mut contexts.inflaters
    }
}

/// What a compressor is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) level: i32,
    pub(super) window_bits: u8,
}

impl Context for Deflate {
    type Shape = Shape;

    fn new(Shape { level, window_bits }: Shape) -> Self {
        Self::new(level, false, window_bits)
    }

    fn size(shape: Shape) -> usize {
        (224 << 10) + (4 << shape.window_bits) // the hash table and the buffers; twice the window, and its links
    }

    fn reset(&mut self) {
        self.reset();
    }

    fn all(contexts: &mut Contexts) -> &mut All<Self> {
        &mut contexts.deflaters
    }
}

/// Whoever has a context, and can do without it between two messages.
pub(super) trait Owner {
    /// Gives it [back](give_back).
    fn give_way(&self);
}

thread_local! {
    static CONTEXTS: RefCell<Contexts> = const { RefCell::new(Contexts::new()) };
}

/// All contexts.
pub(super) struct Contexts {
    budget: usize,
    /// The bytes of all.
    used: usize,
    inflaters: All<Inflate>,
    deflaters: All<Deflate>,
    /// The next place.
    clock: u64,
}

/// All contexts of one kind that are not in the middle of a message.
pub(super) struct All<C: Context> {
    /// Those that nobody has.
    spare: Vec<(C::Shape, C)>,
    /// Whose contexts are between two messages, by when they were last used.
    idle: BTreeMap<u64, Weak<dyn Owner>>,
}

impl<C: Context> All<C> {
    const fn new() -> Self {
        Self { spare: Vec::new(), idle: BTreeMap::new() }
    }

    fn take(&mut self, shape: C::Shape) -> Option<C> {
        let index = self.spare.iter().rposition(|(other, _)| *other == shape)?;
        Some(self.spare.swap_remove(index).1)
    }

    fn oldest(&mut self) -> Option<Weak<dyn Owner>> {
        self.idle.pop_first().map(|(_, owner)| owner)
    }
}

impl Contexts {
    const fn new() -> Self {
        Self { budget: DEFAULT_BUDGET, used: 0, inflaters: All::new(), deflaters: All::new(), clock: 0 }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.used.saturating_add(bytes) <= self.budget
    }

    /// Frees a context of this kind that nobody has, if there is one.
    fn free_one<C: Context>(&mut self) -> bool {
        let Some((shape, _)) = C::all(self).spare.pop() else { return false };
        self.used = self.used.saturating_sub(C::size(shape));
        true
    }
}

/// Sets the most that all contexts take together, in bytes. Those in the middle of a message stay whatever it is.
pub fn set_budget(bytes: usize) {
    CONTEXTS.with_borrow_mut(|contexts| contexts.budget = bytes);
    while !CONTEXTS.with_borrow(|contexts| contexts.has_room(0)) && make_room::<Deflate>() {}
}

/// What [`set_budget`] has set.
pub fn budget() -> usize {
    CONTEXTS.with_borrow(|contexts| contexts.budget)
}

/// A context for a message that begins; `None` if there is no memory for one.
pub(super) fn take<C: Context>(shape: C::Shape) -> Option<C> {
    let size = C::size(shape);
    loop {
        let (found, has_room) = CONTEXTS.with_borrow_mut(|contexts| {
            let found = C::all(contexts).take(shape);
            if found.is_none() {
                contexts.free_one::<C>(); // of another shape, which may never be asked for again
            }
            (found, contexts.has_room(size))
        });
        if let Some(mut context) = found {
            context.reset();
            return Some(context);
        }
        if !has_room && make_room::<C>() {
            continue;
        }
        if !can_allocate(size.saturating_add(RESERVE)) {
            return None;
        }
        CONTEXTS.with_borrow_mut(|contexts| contexts.used += size);
        return Some(C::new(shape));
    }
}

/// Memory that stays for all that is small: an allocation that fails would end every connection of the process.
const RESERVE: usize = 256 << 10;
/// What new channels and long queues leave to the connections that there are.
const LEFT_TO_OTHERS: usize = 1 << 20;

/// Whether there is memory for a new connection, or for something else of `bytes`. Contexts give way for that.
pub fn has_memory(bytes: usize) -> bool {
    can_allocate(bytes.saturating_add(LEFT_TO_OTHERS))
}

fn can_allocate(bytes: usize) -> bool {
    loop {
        let mut tried: Vec<u8> = Vec::new();
        let can_allocate = tried.try_reserve_exact(bytes).is_ok();
        drop(black_box(tried)); // or the compiler would see that nothing is done with it
        if can_allocate || !make_room::<Deflate>() {
            return can_allocate;
        }
    }
}

/// One step towards less memory: has the least recently used context of this kind give way, or frees one that nobody has, or the same
/// of the other kind. Contexts of a kind take each other's place first, since a smaller one would leave a hole. False if all are in
/// the middle of a message.
fn make_room<C: Context>() -> bool {
    let oldest = CONTEXTS.with_borrow_mut(|contexts| {
        let all = C::all(contexts);
        if all.spare.is_empty() { all.oldest() } else { None }
    });
    if let Some(owner) = oldest {
        return give_way(&owner);
    }
    let has_freed = CONTEXTS.with_borrow_mut(|contexts| {
        contexts.free_one::<C>() || contexts.free_one::<Inflate>() || contexts.free_one::<Deflate>()
    });
    let oldest =
        || CONTEXTS.with_borrow_mut(|contexts| contexts.inflaters.oldest().or_else(|| contexts.deflaters.oldest()));
    has_freed || oldest().is_some_and(|owner| give_way(&owner))
}

fn give_way(owner: &Weak<dyn Owner>) -> bool {
    if let Some(owner) = owner.upgrade() {
        owner.give_way(); // outside of any borrow: it gives its context back
    }
    true
}

/// Its owner needs it no longer, between two messages.
pub(super) fn give_back<C: Context>(shape: C::Shape, context: C) {
    // `Err`: the thread ends, and frees everything.
    let _ = CONTEXTS.try_with(|contexts| C::all(&mut contexts.borrow_mut()).spare.push((shape, context)));
}

/// Its owner is gone in the middle of a message: a compressor is not as good as new then, even when it is reset (zlib-rs 0.6.8).
pub(super) fn discard<C: Context>(shape: C::Shape, context: C) {
    drop(context);
    let _ = CONTEXTS.try_with(|contexts| {
        let used = &mut contexts.borrow_mut().used;
        *used = used.saturating_sub(C::size(shape));
    });
}

/// A context's place among the idle ones: dropped when it is used again, or given back.
pub(super) struct Place(u64);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = CONTEXTS.try_with(|contexts| {
            let contexts = &mut *contexts.borrow_mut();
            contexts.inflaters.idle.remove(&self.0).or_else(|| contexts.deflaters.idle.remove(&self.0))
        });
    }
}

/// The owner's context is between two messages.
pub(super) fn rest<C: Context>(owner: &Rc<impl Owner + 'static>) -> Place {
    let owner: Weak<dyn Owner> = Rc::downgrade(owner) as Weak<dyn Owner>;
    CONTEXTS.with_borrow_mut(|contexts| {
        let place = contexts.clock;
        contexts.clock += 1;
        C::all(contexts).idle.insert(place, owner);
        Place(place)
    })
}

/// The bytes of all contexts that somebody has, and how many are between two messages.
#[cfg(test)]
pub(super) fn in_use() -> (usize, usize) {
    CONTEXTS.with_borrow(|Contexts { used, inflaters, deflaters, .. }| {
        let spare: usize = deflaters.spare.iter().map(|(shape, _)| Deflate::size(*shape)).sum();
        let spare = spare + inflaters.spare.len() * Inflate::size(());
        (used - spare, inflaters.idle.len() + deflaters.idle.len())
    })
}

/// The bytes of all contexts there are.
#[cfg(test)]
pub(super) fn used() -> usize {
    CONTEXTS.with_borrow(|contexts| contexts.used)
}
