// Rendered on the server, where the package is imported too.
import { statusName } from 'websocket-channel';
import { Talk } from './talk_in_page.js';

export default function Page() {
  return <main><p id="server">{statusName(0)}</p><Talk /></main>;
}
