/** A checkServerIdentity of the user's, as Node can call it: what it throws counts as what it returns, and Node can read that. */
export const guardCheck = (check) => (...args) => {
  try {
    const verdict = check(...args);
    return verdict === undefined ? undefined : readable(verdict);
  } catch (thrown) { return readable(thrown); }
};

/** A lookup of the user's, which Node would call inside asyncOpen: what it throws is its answer. */
export const guardLookup = (lookup) => (host, options, done) => queueMicrotask(() => {
  try { lookup(host, options, done); } catch (thrown) { done(readable(thrown)); }
});

function readable(thrown) {
  try {
    const { message, code } = thrown instanceof Error ? thrown : {}; // Node reads both
    return typeof message === 'string' && typeof code !== 'symbol' ? thrown : new Error(String(thrown));
  } catch { return new Error('an error that cannot be read'); }
}
