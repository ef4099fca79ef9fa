// One session held with two servers at once: every step goes to both, every reply is compared.
//
// A session has a few connections to each server, so that one can change what another watches. Steps of
// one connection that follow each other travel as one pipeline; between connections each waits for the
// other's replies, so both servers see one and the same order. Each trace starts from empty databases
// and fresh connection state.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agreement, exact, pairwise } from './agreement.ts'
import { encodeCommand, RespClient } from './resp-client.ts'
import type { CommandStep, Step } from './trace.ts'

export type Protocol = 2 | 3

export interface Difference {
  /** The steps up to and including the one whose replies differ. */
  readonly trace: readonly Step[]
  /** Undefined: this server closed the connection, or said nothing, where the other replied. */
  readonly reference: Buffer | undefined
  readonly candidate: Buffer | undefined
}

const CONNECTIONS = 2
const QUEUED = Buffer.from('+QUEUED\r\n', 'latin1')
const OK = Buffer.from('+OK\r\n', 'latin1')

/** One connection of the session: a client of each server, side by side. */
interface Lane {
  readonly reference: RespClient
  readonly candidate: RespClient
  /** How the replies of the queued commands will compare, once EXEC gives them. */
  queued: Agreement[]
  /** No more replies come: both servers closed it. */
  ended: boolean
}

export class TwoServers {
  readonly #referencePort: number
  readonly #candidatePort: number
  readonly #protocol: Protocol
  readonly #lanes: Lane[] = []

  constructor(referencePort: number, candidatePort: number, protocol: Protocol) {
    this.#referencePort = referencePort
    this.#candidatePort = candidatePort
    this.#protocol = protocol
  }

  /** Runs the trace on both from a clean start; undefined if they agree to its end. */
  async firstDifference(trace: readonly Step[]): Promise<Difference | undefined> {
    await this.#startClean()
    let done = 0
    while (done < trace.length) {
      const step = trace[done]!
      if (step.kind === 'wait') {
        await sleep(step.ms)
        done += 1
        continue
      }
      const pipeline = pipelineAt(trace, done)
      const lane = this.#lanes[step.connection]!
      const different = lane.ended ? undefined : await this.#comparePipeline(lane, pipeline)
      if (different !== undefined) {
        // What is still under way on these connections must not meet the next trace.
        await this.close()
        const { index, reference, candidate } = different
        return { trace: trace.slice(0, done + index + 1), reference, candidate }
      }
      done += pipeline.length
    }
    return undefined
  }

  async close(): Promise<void> {
    const lanes = this.#lanes.splice(0)
    await Promise.all(lanes.flatMap(lane => [lane.reference.close(), lane.candidate.close()]))
  }

  async #startClean(): Promise<void> {
    if (this.#lanes.some(lane => lane.ended)) await this.close()
    while (this.#lanes.length < CONNECTIONS) {
      this.#lanes.push({
        reference: await RespClient.connect(this.#referencePort),
        candidate: await RespClient.connect(this.#candidatePort),
        queued: [],
        ended: false,
      })
    }
    const commands = [['RESET'], ['HELLO', String(this.#protocol)], ['FLUSHALL']]
    for (const lane of this.#lanes) {
      lane.queued = []
      await Promise.all([
        restart(lane.reference, commands, 'reference'),
        restart(lane.candidate, commands, 'candidate'),
      ])
    }
  }

  async #comparePipeline(lane: Lane, steps: readonly CommandStep[]) {
    const request = Buffer.concat(steps.map(step => encodeCommand(step.args)))
    lane.reference.write(request)
    lane.candidate.write(request)
    const [theirs, ours] = await Promise.all([
      lane.reference.replies(steps.length),
      lane.candidate.replies(steps.length),
    ])
    for (let index = 0; index < steps.length; index += 1) {
      const reference = theirs[index]
      const candidate = ours[index]
      if (reference === undefined && candidate === undefined) {
        lane.ended = true
        return undefined
      }
      if (
        reference === undefined ||
        candidate === undefined ||
        !agreementOf(lane, steps[index]!, reference)(reference, candidate)
      ) {
        return { index, reference, candidate }
      }
    }
    return undefined
  }
}

/** Inside MULTI the replies are +QUEUED, and the step's own agreement waits for its element of EXEC's. */
function agreementOf(lane: Lane, step: CommandStep, reference: Buffer): Agreement {
  if (reference.equals(QUEUED)) {
    lane.queued.push(step.agree)
    return exact
  }
  const name = step.args[0]?.toLowerCase()
  if (name === 'multi' && reference.equals(OK)) {
    lane.queued = []
  } else if (name === 'exec') {
    const queued = lane.queued
    return (theirs, ours) => exact(theirs, ours) || pairwise(theirs, ours, queued)
  }
  return step.agree
}

/** The commands from `start` on that one connection sends without a pause. */
function pipelineAt(trace: readonly Step[], start: number): CommandStep[] {
  const pipeline: CommandStep[] = []
  for (let i = start; i < trace.length; i += 1) {
    const step = trace[i]!
    if (step.kind !== 'command') break
    if (pipeline.length > 0 && step.connection !== pipeline[0]!.connection) break
    pipeline.push(step)
  }
  return pipeline
}

async function restart(client: RespClient, commands: readonly string[][], who: string) {
  client.write(Buffer.concat(commands.map(encodeCommand)))
  const replies = await client.replies(commands.length)
  commands.forEach((command, i) => {
    const reply = replies[i]?.toString('latin1') ?? 'no reply'
    if (reply.startsWith('-') || reply === 'no reply') {
      throw new Error(`the ${who} refuses ${command.join(' ')}: ${reply}`)
    }
  })
}
