import { test } from 'vitest'
import { plays } from './plays.ts'

test('LEADER.CAMPAIGN elects in arrival order, with a value', () => {
  plays(`
    a LEADER.GET l                              -> nil
    a LEADER.CAMPAIGN l a VALUE host-a          -> T1
    a LEADER.CAMPAIGN l a                       -> T1
    b LEADER.CAMPAIGN l b VALUE host-b WAIT 0   -> waits
    c LEADER.CAMPAIGN l c                       -> nil
    c LEADER.CAMPAIGN l c WAIT 0                -> waits
    d LEADER.GET l                              -> [a, host-a, T1, 30000]
    d LEADER.MEMBERS l                          -> [a, b, c]
    a LEADER.RESIGN l a                         -> 1
    b                                           -> T2
    d LEADER.GET l                              -> [b, host-b, T2, 30000]
    a LEADER.RESIGN l a                         -> 0
  `)
})

test('a leader that does not extend its lease, or whose connection ends, loses', () => {
  plays(`
    a LEADER.CAMPAIGN l a PX 1000        -> T1
    b LEADER.CAMPAIGN l b CONN WAIT 0    -> waits
    pass 900
    a LEADER.EXTEND l a PX 1000          -> 1000
    pass 1000
    b                                    -> T2
    a LEADER.EXTEND l a PX 1000          -> 0
    c LEADER.GET l                       -> [b, "", T2, -1]
    b leaves
    c LEADER.GET l                       -> nil
  `)
})

test('LEADER.PROCLAIM is the present leader’s alone', () => {
  plays(`
    a LEADER.CAMPAIGN l a       -> T1
    a LEADER.PROCLAIM l a one   -> 1
    b LEADER.PROCLAIM l b two   -> 0
    b LEADER.GET l              -> [a, one, T1, 30000]
    b LEADER.PROCLAIM m b two   -> 0
  `)
})

test('LEADER.TRANSFER elects another at once, and answers it if it waits', () => {
  plays(`
    a LEADER.CAMPAIGN l a VALUE v       -> T1
    b LEADER.CAMPAIGN l b WAIT 0        -> waits
    c LEADER.CAMPAIGN l c WAIT 0        -> waits
    a LEADER.TRANSFER l a c PX 2000     -> T2
    c                                   -> T2
    d LEADER.GET l                      -> [c, v, T2, 30000]
    a LEADER.TRANSFER l a b             -> nil
    c LEADER.RESIGN l c                 -> 1
    b                                   -> T3
  `)
})

test('LEADER.AWAIT tells when the leader changes', () => {
  plays(`
    w LEADER.AWAIT l WAIT 100               -> waits
    x LEADER.AWAIT l NOT 0 WAIT 0           -> waits
    pass 100
    w                                       -> nil
    a LEADER.CAMPAIGN l a                   -> T1
    x                                       -> [a, "", T1, 30000]
    x LEADER.AWAIT l NOT 5                  -> [a, "", T1, 30000]
    x LEADER.AWAIT l NOT T1                 -> nil
    x LEADER.AWAIT l NOT T1 WAIT 0          -> waits
    w LEADER.AWAIT l WAIT 0                 -> waits
    a LEADER.RESIGN l a                     -> 1
    w                                       -> waits
    b LEADER.CAMPAIGN l b                   -> T2
    w                                       -> [b, "", T2, 30000]
    x                                       -> [b, "", T2, 30000]
  `)
})

test('those who wait for news do not stand in the way of candidates', () => {
  plays(`
    w LEADER.AWAIT l WAIT 0   -> waits
    a LEADER.CAMPAIGN l a     -> T1
    w                         -> [a, "", T1, 30000]
  `)
})

test('LEADER.ASSERT guards a transaction', () => {
  plays(`
    a LEADER.CAMPAIGN l a             -> T1
    a LEADER.ASSERT l a TOKEN T1      -> OK
    b LEADER.ASSERT l b               -> -NOTOWNER somebody else holds it
    b MULTI                           -> OK
    b SET s 1                         -> QUEUED
    b LEADER.ASSERT l a TOKEN 1       -> QUEUED
    b EXEC                            -> -FENCED the token is stale
    b EXISTS s                        -> 0
  `)
})

test('LEADER.CANCEL ends a candidacy or a term', () => {
  plays(`
    a LEADER.CAMPAIGN l a          -> T1
    b LEADER.CAMPAIGN l b WAIT 0   -> waits
    c LEADER.CANCEL l b            -> 1
    b                              -> nil
    c LEADER.CANCEL l a            -> 1
    c LEADER.CANCEL l a            -> 0
    c DBSIZE                       -> 0
  `)
})
