import { invalid } from './error.js';

// What only a channel and its group call.
export const join = Symbol('join');
export const leave = Symbol('leave');
export const cancel = Symbol('cancel');

/** The channels that were opened with it and have not stopped. */
export class LoadGroup {
  #members = new Set();

  /** How many channels are active: opened, and not yet stopped. */
  get activeCount() { return this.#members.size; }

  /** Ends every active channel; each gets its onStop, with `status` (NS_BINDING_ABORTED unless another is given). */
  cancel(status = 0x804b0002) {
    if (!Number.isInteger(status) || status < 0x80000000 || status > 0xffffffff) {
      throw invalid('cancel: the status is no failure; use one of Status but NS_OK.');
    }
    for (const channel of [...this.#members]) channel[cancel](status);
  }

  [Symbol.iterator]() { return [...this.#members].values(); }

  [join](channel) { this.#members.add(channel); }

  [leave](channel) { this.#members.delete(channel); }
}
