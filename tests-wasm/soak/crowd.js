import { planOf, randomOf } from './plan.js';
import { live } from './life.js';

/**
 * Keeps `size` channels alive until `isOver`, each with a plan of its own. `lived({ plan, status, problem, talk })` hears of each that has ended. Answers when
 * all have.
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
