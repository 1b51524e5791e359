/** Wraps a user's checkServerIdentity for Node. What it throws counts as its result, made an error that Node can read. */
export const guardCheck = (check) => (...args) => {
  try {
    const verdict = check(...args);
    return verdict === undefined ? undefined : readable(verdict);
  } catch (thrown) { return readable(thrown); }
};

/** Wraps a user's lookup, which Node would call inside asyncOpen. It is called later, and what it throws is its result. */
export const guardLookup = (lookup) => (host, options, done) => queueMicrotask(() => {
  try { lookup(host, options, done); } catch (thrown) { done(readable(thrown)); }
});

function readable(thrown) {
  try {
    const { message, code } = thrown instanceof Error ? thrown : {}; // Node reads both
    return typeof message === 'string' && typeof code !== 'symbol' ? thrown : new Error(String(thrown));
  } catch { return new Error('an error that cannot be read'); }
}
