// The bytes of an ArrayBuffer or a view, read through the language's own getters: a subclass may have others.

const getters = (prototype, ...names) => names.map((name) => Object.getOwnPropertyDescriptor(prototype, name).get);
const TypedArray = /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype);
const typedArray = /* @__PURE__ */ getters(TypedArray, 'buffer', 'byteOffset', 'byteLength');
const dataView = /* @__PURE__ */ getters(DataView.prototype, 'buffer', 'byteOffset', 'byteLength');
const [sizeOfBuffer] = /* @__PURE__ */ getters(ArrayBuffer.prototype, 'byteLength');
/** A typed array's kind, such as 'Uint8Array'; undefined for anything else. */
export const [kind] = /* @__PURE__ */ getters(TypedArray, Symbol.toStringTag);
export const [, , byteLength] = typedArray;

/** A plain Uint8Array over the same memory (a copy of shared memory); null if the buffer is detached or too short for the view, undefined if it has no bytes. */
export function bytesOf(value) {
  let hasBytes = ArrayBuffer.isView(value);
  try {
    if (!hasBytes) {
      const size = sizeOfBuffer.call(value); // throws if it is not an ArrayBuffer, of whatever realm
      hasBytes = true;
      return new Uint8Array(value, 0, size); // throws if it is detached
    }
    const isTyped = kind.call(value) !== undefined;
    const [buffer, offset, length] = (isTyped ? typedArray : dataView).map((get) => get.call(value));
    if (length === 0 && isTyped) TypedArray.keys.call(value); // throws if the view lies outside its buffer, as a DataView's getters do
    const bytes = new Uint8Array(buffer, offset, length);
    return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]' ? bytes.slice() : bytes;
  } catch {
    return hasBytes ? null : undefined;
  }
}
