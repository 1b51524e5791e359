// Shows which buttons have an effect in the channel's state.

/** The form or button, and the states in which pressing it has an effect (the README's table of methods by state). */
const WORKS_IN = {
  connect: ['idle', 'stopped'],
  'send-text': ['connecting', 'open'],
  burst: ['connecting', 'open'],
  'send-file': ['connecting', 'open'],
  close: ['connecting', 'open'],
  abort: ['connecting', 'open', 'closing'],
};

/**
 * Makes the buttons without an effect look disabled. They are `aria-disabled`, not `disabled`: a disabled button loses the keyboard's
 * focus, and pressing it could not explain why nothing happens.
 */
export function showButtons(state) {
  for (const [id, states] of Object.entries(WORKS_IN)) setDisabled(buttonOf(id), !states.includes(state));
}

/** Sets the attribute only if it changes. */
export function setDisabled(button, disabled) {
  const value = String(disabled);
  if (button.getAttribute('aria-disabled') !== value) button.setAttribute('aria-disabled', value);
}

function buttonOf(id) {
  const element = document.getElementById(id);
  return element.matches('button') ? element : element.querySelector('button[type="submit"]');
}
