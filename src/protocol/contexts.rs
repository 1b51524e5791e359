//! The compression contexts of this process, and the memory that they take together.
//!
//! A compressor with the largest window takes 350 KiB, and there may be ten thousand connections. So a connection keeps its
//! context between two messages only as long as all contexts fit the budget. Beyond it, the least recently used one gives way: a
//! compressor starts afresh, which a sender may always do (RFC 7692 §7.1.1), and a decompressor keeps its window, from which it
//! is rebuilt.
//!
//! A spare context, which belongs to no connection, is kept for the next one, and counts. Freeing it would leave a hole in memory.
//! Small allocations would fill that hole, and the next context would not fit there.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::rc::{Rc, Weak};

use zlib_rs::{Deflate, Inflate};

/// The most memory that all contexts take together unless [`set_budget`] says otherwise, in bytes.
pub const DEFAULT_BUDGET: usize = 64 << 20;

/// A compressor or a decompressor.
pub(super) trait Context: Sized + 'static {
    /// Two contexts of the same shape are interchangeable.
    type Shape: Copy + PartialEq;

    fn new(shape: Self::Shape) -> Self;
    /// The memory that one takes, in bytes.
    fn size(shape: Self::Shape) -> usize;
    /// Makes it as good as new. (A compressor may choose other matches than a new one, as valid as those: zlib-rs 0.6.8 keeps its hash
    /// chains.)
    fn reset(&mut self);
    /// The contexts of this kind.
    fn all(contexts: &mut Contexts) -> &mut All<Self>;
}

impl Context for Inflate {
    /// All are alike: a decompressor with the largest window reads every stream.
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

/// The parameters of a compressor.
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

thread_local! {
    static CONTEXTS: RefCell<Contexts> = const { RefCell::new(Contexts::new()) };
}

/// All contexts.
pub(super) struct Contexts {
    budget: usize,
    /// The memory that all contexts take, in bytes.
    used: usize,
    inflaters: All<Inflate>,
    deflaters: All<Deflate>,
    /// The next place among the idle contexts.
    clock: u64,
}

/// All contexts of one kind that are not in the middle of a message.
pub(super) struct All<C: Context> {
    /// Contexts that belong to no connection.
    spare: Vec<(C::Shape, C)>,
    /// Contexts between two messages, in the order of their last use.
    idle: BTreeMap<u64, Weak<RefCell<Slot<C>>>>,
}

impl<C: Context> All<C> {
    const fn new() -> Self {
        Self { spare: Vec::new(), idle: BTreeMap::new() }
    }

    fn take(&mut self, shape: C::Shape) -> Option<C> {
        let index = self.spare.iter().rposition(|(other, _)| *other == shape)?;
        Some(self.spare.swap_remove(index).1)
    }
}

impl Contexts {
    const fn new() -> Self {
        Self { budget: DEFAULT_BUDGET, used: 0, inflaters: All::new(), deflaters: All::new(), clock: 0 }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.used.saturating_add(bytes) <= self.budget
    }

    /// Stops counting one context of this shape.
    fn forget<C: Context>(&mut self, shape: C::Shape) {
        self.used = self.used.saturating_sub(C::size(shape));
    }
}

/// Sets the most memory that all contexts take together, in bytes. Contexts in the middle of a message stay, whatever the budget.
pub fn set_budget(bytes: usize) {
    CONTEXTS.with_borrow_mut(|contexts| contexts.budget = bytes);
    while !CONTEXTS.with_borrow(|contexts| contexts.has_room(0)) && make_room::<Deflate>() {}
}

/// The current budget, in bytes. See [`set_budget`].
pub fn budget() -> usize {
    CONTEXTS.with_borrow(|contexts| contexts.budget)
}

/// One connection's context. It is taken when a message begins, and kept between two messages as long as the budget allows.
pub(super) struct Kept<C: Context>(Rc<RefCell<Slot<C>>>);

struct Slot<C: Context> {
    shape: C::Shape,
    context: Option<C>,
    /// Set between two messages.
    place: Option<IdlePlace>,
}

impl<C: Context> Kept<C> {
    pub(super) fn new(shape: C::Shape) -> Self {
        Self(Rc::new(RefCell::new(Slot { shape, context: None, place: None })))
    }

    /// The context for a message that begins or continues, and whether the context is as good as new. `None` at the beginning of a
    /// message if there is no memory for a context.
    pub(super) fn begin(&self) -> Option<(RefMut<'_, C>, bool)> {
        let mut slot = self.0.borrow_mut();
        slot.place = None;
        let is_new = slot.context.is_none();
        if is_new {
            slot.context = take(slot.shape);
        }
        Some((RefMut::filter_map(slot, |slot| slot.context.as_mut()).ok()?, is_new))
    }

    /// Ends a message that the next one may refer to. From now on, the context may give way.
    pub(super) fn set_idle(&self) {
        let mut slot = self.0.borrow_mut();
        if slot.context.is_some() && slot.place.is_none() {
            slot.place = Some(IdlePlace::of(&self.0));
        }
    }

    /// Ends a message that no later one refers to.
    pub(super) fn give_back(&self) {
        self.0.borrow_mut().give_back();
    }

    /// Whether there is a context.
    #[cfg(test)]
    pub(super) fn is_there(&self) -> bool {
        self.0.borrow().context.is_some()
    }
}

impl<C: Context> Slot<C> {
    fn give_back(&mut self) {
        self.place = None;
        if let Some(context) = self.context.take() {
            // `Err`: the thread is ending, and frees everything.
            let _ = CONTEXTS.try_with(|contexts| C::all(&mut contexts.borrow_mut()).spare.push((self.shape, context)));
        }
    }
}

impl<C: Context> Drop for Slot<C> {
    fn drop(&mut self) {
        if self.place.is_some() {
            self.give_back();
        } else if self.context.take().is_some() {
            // Dropped in the middle of a message, a compressor is not as good as new even after a reset (zlib-rs 0.6.8).
            let _ = CONTEXTS.try_with(|contexts| contexts.borrow_mut().forget::<C>(self.shape));
        }
    }
}

/// A context's place among the idle ones. It is dropped when the context is used again or given back.
struct IdlePlace(u64);

impl IdlePlace {
    fn of<C: Context>(slot: &Rc<RefCell<Slot<C>>>) -> Self {
        CONTEXTS.with_borrow_mut(|contexts| {
            let place = contexts.clock;
            contexts.clock += 1;
            C::all(contexts).idle.insert(place, Rc::downgrade(slot));
            Self(place)
        })
    }
}

impl Drop for IdlePlace {
    fn drop(&mut self) {
        let _ = CONTEXTS.try_with(|contexts| {
            let contexts = &mut *contexts.borrow_mut();
            contexts.inflaters.idle.remove(&self.0);
            contexts.deflaters.idle.remove(&self.0);
        });
    }
}

/// A context for a message that begins; `None` if there is no memory for one.
fn take<C: Context>(shape: C::Shape) -> Option<C> {
    let size = C::size(shape);
    loop {
        if let Some(mut context) = CONTEXTS.with_borrow_mut(|contexts| C::all(contexts).take(shape)) {
            context.reset();
            return Some(context);
        }
        free_one::<C>(); // of another shape, which may never be asked for again
        let has_room = CONTEXTS.with_borrow(|contexts| contexts.has_room(size));
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

/// Memory that stays free for small allocations, in bytes. If one of them failed, that would end every connection of the process.
const RESERVE: usize = 256 << 10;
/// Memory that new channels and long queues leave to the existing connections, in bytes.
const LEFT_TO_OTHERS: usize = 1 << 20;

/// Whether there is memory for a new connection, or for anything else of `bytes`. Contexts give way to it.
pub fn has_memory(bytes: usize) -> bool {
    can_allocate(bytes.saturating_add(LEFT_TO_OTHERS))
}

fn can_allocate(bytes: usize) -> bool {
    loop {
        let mut tried: Vec<u8> = Vec::new();
        let can_allocate = tried.try_reserve_exact(bytes).is_ok();
        drop(black_box(tried)); // without this, the compiler could remove the unused allocation
        if can_allocate || !make_room::<Deflate>() {
            return can_allocate;
        }
    }
}

/// One step towards less memory: frees a spare context of this kind, or makes the least recently used one give way. If there is
/// neither, does the same with the other kind. This kind comes first because its contexts fit each other's place, while a smaller one
/// would leave a hole. Returns false if all contexts are in the middle of a message.
fn make_room<C: Context>() -> bool {
    let of_this_kind = || free_one::<C>() || give_way::<C>();
    of_this_kind() || free_one::<Inflate>() || free_one::<Deflate>() || give_way::<Inflate>() || give_way::<Deflate>()
}

/// Frees a spare context of this kind, if there is one.
fn free_one<C: Context>() -> bool {
    CONTEXTS.with_borrow_mut(|contexts| {
        let freed = C::all(contexts).spare.pop();
        freed.map(|(shape, _)| contexts.forget::<C>(shape)).is_some()
    })
}

/// Makes the least recently used idle context of this kind give way, if there is one.
fn give_way<C: Context>() -> bool {
    let oldest = CONTEXTS.with_borrow_mut(|contexts| C::all(contexts).idle.pop_first());
    let Some((_, slot)) = oldest else { return false };
    if let Some(slot) = slot.upgrade() {
        slot.borrow_mut().give_back();
    }
    true
}

/// The bytes of all contexts that belong to a connection, and the number of contexts between two messages.
#[cfg(test)]
pub(super) fn in_use() -> (usize, usize) {
    CONTEXTS.with_borrow(|Contexts { used, inflaters, deflaters, .. }| {
        let spare: usize = deflaters.spare.iter().map(|(shape, _)| Deflate::size(*shape)).sum();
        let spare = spare + inflaters.spare.len() * Inflate::size(());
        (used - spare, inflaters.idle.len() + deflaters.idle.len())
    })
}

/// Makes every idle context give way, and frees the spare ones.
#[cfg(test)]
pub(super) fn press() {
    set_budget(0);
    set_budget(DEFAULT_BUDGET);
}

/// The bytes of all contexts.
#[cfg(test)]
pub(super) fn used() -> usize {
    CONTEXTS.with_borrow(|contexts| contexts.used)
}
