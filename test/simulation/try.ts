import { simulate } from './simulation.ts'

const from = Number(process.argv[2] ?? 1)
const count = Number(process.argv[3] ?? 1)
const log = process.argv[4] === 'log'
const started = process.hrtime.bigint()
let events = 0,
  ops = 0,
  healed = 0,
  undecided = 0,
  lost = 0
for (let seed = from; seed < from + count; seed++) {
  try {
    const o = simulate(
      seed,
      undefined,
      undefined,
      log ? line => process.stdout.write(line + '\n') : undefined,
    )
    events += o.world.timeline.count
    healed = Math.max(healed, o.healedMs)
    undecided += o.undecided
    lost += o.world.invariants.lost.size
    for (const c of o.world.clients) ops += c.answered
  } catch (error) {
    process.stdout.write(
      `seed ${seed}: ${log || count === 1 ? (error as Error).stack : (error as Error).message.split('\n')[0]}\n`,
    )
  }
}
const s = Number(process.hrtime.bigint() - started) / 1e9
process.stdout.write(
  `${(count / s).toFixed(1)} seeds/s, ${(events / count).toFixed(0)} events, ${(ops / count).toFixed(0)} ops, healed max ${healed}, undecided ${undecided}, lost ${lost}\n`,
)
