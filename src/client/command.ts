// command.ts — A command as it is sent: its words, and the key by which a cluster routes it.

export interface Command {
  readonly name: string
  readonly args: string[]
  /** Routes the command; it need not be the first argument. */
  readonly key: string
}

/** A command whose first argument is its key. */
export function command(name: string, key: string, ...args: (string | number)[]): Command {
  return { name, key, args: [key, ...args.map(String)] }
}

/** A command over several keys: `NAME numkeys key… args`. */
export function keysCommand(
  name: string,
  keys: readonly string[],
  ...args: (string | number)[]
): Command {
  const words = [String(keys.length), ...keys, ...args.map(String)]
  return { name, key: keys[0] ?? '', args: words }
}

/** `WAIT ms`, where 0 has no end; nothing to try once. */
export function waiting(waitMs: number | undefined): readonly (string | number)[] {
  return waitMs === undefined ? [] : ['WAIT', waitMs]
}

export function byToken(token: number | undefined): readonly (string | number)[] {
  return token === undefined ? [] : ['TOKEN', token]
}
