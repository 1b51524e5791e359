/** An object's property; undefined if there is none, or if reading it throws. */
export function property(object, name) {
  try { return Reflect.get(object, name); } catch { return undefined; }
}
