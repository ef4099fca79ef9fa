/**
 * The seed of every property test. A commit is judged by the same cases wherever it is tested, so that a test
 * that passes for its author passes for the next one too. Exploring is a deliberate act: `PROPERTY_SEED=random`
 * takes another seed each time, a number repeats one. What exploring finds becomes an example in its test.
 */
import fc from 'fast-check'

const DEFAULT_SEED = 20_260_101

const wanted = process.env['PROPERTY_SEED'] ?? String(DEFAULT_SEED)
if (wanted !== 'random') {
  const seed = Number(wanted)
  if (!Number.isInteger(seed)) throw new Error('PROPERTY_SEED is an integer or `random`')
  fc.configureGlobal({ seed })
}
