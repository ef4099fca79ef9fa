// sources.ts — Where a start finds its configuration, weakest first: file, standard input, environment, flags.
import type { CommandLine } from './arguments.ts'
import type { Directive } from './directive.ts'
import { readEnvironment } from './environment.ts'
import { type Files, readConfigFile, readConfigText } from './file.ts'

/** What the process around the server offers. */
export interface Surroundings {
  readonly files: Files
  readonly environment: Readonly<Record<string, string | undefined>>
  /** All of the standard input. */
  readStandardInput(): Buffer
}

/** The sources in the order in which `Config.load` takes them. Throws ConfigError. */
export function readSources(
  line: Extract<CommandLine, { kind: 'run' }>,
  surroundings: Surroundings,
): Directive[][] {
  const { files } = surroundings
  const sources: Directive[][] = []
  if (line.file !== undefined) sources.push(readConfigFile(line.file, files))
  if (line.standardInput) {
    sources.push(readConfigText(surroundings.readStandardInput(), 'standard input', files))
  }
  sources.push(readEnvironment(surroundings.environment), [...line.flags])
  return sources
}
