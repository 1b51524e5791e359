// The red boxes show what went wrong, next to where it did.

/** Shows a refusal in the form with this `id`, and scrolls it into view. */
export function showRefusal(id, name, message) {
  const place = document.getElementById(id).querySelector('.refusal');
  writeRefusal(place, name, message);
  place.scrollIntoView({ block: 'nearest' });
}

/** Writes a name and a sentence into `place`. */
export function writeRefusal(place, name, message) {
  const strong = document.createElement('strong');
  strong.textContent = name;
  place.replaceChildren(strong, ' ', message);
}

/** Empties the box of every form. */
export function clearRefusals() {
  for (const place of document.querySelectorAll('form .refusal')) place.replaceChildren();
}
