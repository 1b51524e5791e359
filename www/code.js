// Shows what the page does as code to copy.

const literal = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;

/** Returns the code for the values in the form. */
function codeFor({ address, origin, protocols, options, text }) {
  const settings = Object.entries(options).map(([name, value]) => `${name}: ${typeof value === 'string' ? literal(value) : value}`).join(', ');
  return `import { WebSocketChannel, Status } from 'websocket-channel';

const channel = new WebSocketChannel(${settings ? `{ ${settings} }` : ''});
${protocols ? `channel.protocol = ${literal(protocols)};\n` : ''}channel.asyncOpen(${literal(address)}, ${origin ? literal(origin) : 'null'}, {
  onStart() {
    if (channel.state === 'open') channel.sendMsg(${literal(text)});
  },
  onMessageAvailable(context, text) { console.log(text); },
  onBinaryMessageAvailable(context, bytes) { console.log(bytes); },
  onStop(context, status, detail) {
    if (status !== Status.NS_OK) console.error(detail.name, detail.message);
  },
});
`;
}

/** Shows the code while the section is open, and copies it. `read` returns the values in the form. */
export function startCode(section, read) {
  const place = section.querySelector('code');
  const button = section.querySelector('button');
  const show = () => { if (section.open) place.textContent = codeFor(read()); };
  section.addEventListener('toggle', show);
  document.addEventListener('input', show);
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(place.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(place); // the browser does not allow copying: the user needs to press only one key
      button.textContent = 'Selected: press Ctrl+C';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
}
