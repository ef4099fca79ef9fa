// The differential test: random traces against a reference and a candidate, until their replies differ or
// enough steps have agreed. A difference is shrunk by fast-check to the fewest commands that show it.
import fc from 'fast-check'
import { describeStep, escapeBytes, type Move } from './trace.ts'
import { type Difference, type Protocol, TwoServers } from './two-servers.ts'

/** Long enough for state to build up, short enough to shrink in seconds. */
const MOVES_PER_TRACE_MAX = 60
const REPLY_CHARACTERS_MAX = 400

export interface Campaign {
  readonly referencePort: number
  readonly candidatePort: number
  readonly protocol: Protocol
  readonly moves: fc.Arbitrary<Move>
  /** At least so many commands are compared. */
  readonly steps: number
  readonly seed: number
}

export interface Verdict {
  readonly steps: number
  /** Undefined if all replies agreed, else what a person needs to see it happen again. */
  readonly report: string | undefined
}

export async function runCampaign(campaign: Campaign): Promise<Verdict> {
  const servers = new TwoServers(campaign.referencePort, campaign.candidatePort, campaign.protocol)
  const traces = fc.array(campaign.moves, {
    minLength: 1,
    maxLength: MOVES_PER_TRACE_MAX,
    size: 'max',
  })
  let steps = 0
  let latest: Difference | undefined
  const agrees = fc.asyncProperty(traces, async moves => {
    const trace = moves.flat()
    const difference = await servers.firstDifference(trace)
    steps += trace.length
    // While shrinking, the last trace that fails is the smallest.
    latest = difference ?? latest
    return difference === undefined
  })
  try {
    for (let seed = campaign.seed; steps < campaign.steps; seed += 1) {
      const numRuns = Math.ceil((campaign.steps - steps) / (MOVES_PER_TRACE_MAX / 2))
      const outcome = await fc.check(agrees, { numRuns, seed })
      if (!outcome.failed) continue
      if (latest === undefined) throw outcome.errorInstance
      return { steps, report: describeDifference(latest, campaign.protocol, seed) }
    }
    return { steps, report: undefined }
  } finally {
    await servers.close()
  }
}

function describeDifference(difference: Difference, protocol: Protocol, seed: number): string {
  return [
    `Replies differ in RESP${protocol}, seed ${seed}:`,
    ...difference.trace.map(step => `  ${describeStep(step)}`),
    `reference ${describeReply(difference.reference)}`,
    `candidate ${describeReply(difference.candidate)}`,
  ].join('\n')
}

function describeReply(reply: Buffer | undefined): string {
  if (reply === undefined) return '(none: it closed the connection or fell silent)'
  const text = reply.toString('latin1', 0, REPLY_CHARACTERS_MAX)
  const rest = reply.length - text.length
  return `"${escapeBytes(text)}"${rest > 0 ? ` and ${rest} bytes more` : ''}`
}
