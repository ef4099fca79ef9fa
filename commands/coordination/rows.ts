// rows.ts — What all rows of coordination say alike.

import { type CommandSpec, type Handler, keyAt } from '../../src/command.ts'

type Row = Omit<CommandSpec, 'group' | 'since' | 'acl'>

export function coordinationRows(rows: readonly Row[]): CommandSpec[] {
  return rows.map(row => ({
    ...row,
    group: 'coordination',
    since: '0.1.0',
    acl: ['coordination'],
  }))
}

/** A row of the effect log: what a command did to key 1, for those who repeat it. */
export function effectRow(name: string, arity: number, summary: string, handler: Handler): Row {
  return {
    name,
    arity,
    flags: ['write'],
    keys: [keyAt(1, 'RW', 'update')],
    complexity: 'O(1)',
    summary,
    internal: true,
    handler,
  }
}
