// The form for a channel: asyncOpen's arguments and the constructor's options. A mistake is shown at its field.

import { ChannelError, WebSocketChannel } from 'websocket-channel';
import { writeRefusal } from './refusal.js';

export class ConnectForm {
  #form;
  #refusal;

  constructor(form) {
    this.#form = form;
    this.#refusal = form.querySelector('.refusal');
    form.addEventListener('input', () => { this.clearMistake(); });
    form.querySelector('.options').addEventListener('change', () => { this.#checkOptions(); });
  }

  get address() { return this.#valueOf('address'); }

  get origin() { return this.#valueOf('origin'); }

  get protocols() { return this.#valueOf('protocols'); }

  /** The constructor's options that are filled in. Text that is not a number stays text, so that the error message quotes it. */
  get options() {
    const options = {};
    for (const field of this.#form.querySelectorAll('[data-option]')) {
      const text = field.value.trim();
      const number = Number(text);
      if (text !== '') options[field.dataset.name] = Number.isNaN(number) ? text : number;
    }
    return options;
  }

  /** Fills in a saved connection. */
  fill({ address, protocols = '', options = {} }) {
    this.clearMistake();
    this.#form.querySelector('#address').value = address;
    this.#form.querySelector('#protocols').value = protocols;
    for (const field of this.#form.querySelectorAll('[data-option]')) field.value = options[field.dataset.name] ?? '';
    this.#form.querySelector('#address').focus();
  }

  /** Shows a ChannelError below the field that caused it, or at the end of the form if no field did. */
  showMistake(error, { advice = '', focus = true } = {}) {
    this.clearMistake();
    writeRefusal(this.#refusal, error.name, [error.message, advice].filter(Boolean).join(' '));
    const field = this.#fieldOf(error);
    if (field) {
      field.setAttribute('aria-invalid', 'true');
      field.setAttribute('aria-errormessage', this.#refusal.id);
      field.parentElement.append(this.#refusal);
      const options = field.closest('details');
      if (options) options.open = true;
      if (focus) field.focus();
    }
    this.#refusal.scrollIntoView({ block: 'nearest' });
  }

  /** Shows why a channel stopped. Moves neither the page nor the focus, because the user may be busy elsewhere. */
  showEnd(name, message) {
    this.clearMistake();
    writeRefusal(this.#refusal, name, message);
  }

  clearMistake() {
    this.#refusal.replaceChildren();
    this.#form.append(this.#refusal);
    for (const field of this.#form.querySelectorAll('[aria-invalid]')) {
      field.removeAttribute('aria-invalid');
      field.removeAttribute('aria-errormessage');
    }
  }

  /** Lets the constructor check the options as soon as the user leaves a field. */
  #checkOptions() {
    try {
      new WebSocketChannel(this.options);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      this.showMistake(error, { focus: false });
    }
  }

  /** Returns the field that the error's message names first. The address is the exception: its error is recognized by name. */
  #fieldOf({ name, message }) {
    if (name === 'NS_ERROR_MALFORMED_URI') return this.#form.querySelector('#address');
    if (name !== 'NS_ERROR_INVALID_ARG' && name !== 'NS_ERROR_NOT_IMPLEMENTED') return null;
    const named = [...this.#form.querySelectorAll('[data-name]')]
      .map((field) => ({ field, at: message.search(new RegExp(`\\b${field.dataset.name}\\b`)) }))
      .filter(({ at }) => at >= 0)
      .sort((one, other) => one.at - other.at);
    return named[0]?.field ?? null;
  }

  #valueOf(id) { return this.#form.querySelector(`#${id}`).value.trim(); }
}
