import { crowd } from '../../soak/crowd.js';

/** Many channels connect to a peer that kills, resets, pauses, truncates, corrupts and floods: `npm run soak`, for three seconds. */
export const soak = [20261126, 7].map((seed) => ({
  name: `forty channels at a time with a faulty peer for three seconds, seed ${seed}: each keeps the laws and ends as its fault allows`,
  async run(t) {
    const until = performance.now() + 3000;
    const lives = [];
    const isOver = () => performance.now() > until;
    await crowd({ seed, size: 40, isOver, api: t.api, addresses: t.addresses, host: t.host, lived: (life) => lives.push(life) });
    const wrong = lives.filter(({ problem }) => problem !== null);
    t.ok(lives.length > 40, `${lives.length} channels`);
    t.same(wrong.map(({ plan, problem, talk }) => `${problem}\n${JSON.stringify(plan)}\n${String(talk).slice(0, 2000)}`), []);
  },
}));
