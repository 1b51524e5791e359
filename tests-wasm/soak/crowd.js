import { planOf, randomOf } from './plan.js';
import { live } from './life.js';

/**
 * Keeps `size` channels alive until `isOver` holds, each with its own plan. Calls `lived({ plan, status, problem, talk })` for each channel that has ended.
 * Resolves when all channels have ended.
 */
export async function crowd({ seed, size, isOver, lived, ...world }) {
  const random = randomOf(seed);
  const member = async () => {
    while (!isOver()) {
      const plan = planOf(Math.floor(random() * 2 ** 32), world.host);
      lived({ plan, ...await live(plan, world) });
    }
  };
  await Promise.all(Array.from({ length: size }, member));
}
