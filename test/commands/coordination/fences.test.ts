import { test } from 'vitest'
import { plays } from './plays.ts'

test('FENCE.CHECK lets no token pass that is below one before it', () => {
  plays(`
    a FENCE.GET f         -> nil
    a FENCE.NEXT f        -> T1
    a FENCE.NEXT f        -> T2
    a FENCE.GET f         -> 0
    a FENCE.CHECK f T1    -> 1
    a FENCE.CHECK f T1    -> 1
    a FENCE.CHECK f T2    -> 1
    a FENCE.CHECK f T1    -> -FENCED the token is stale
    a FENCE.GET f         -> T2
  `)
})

test('a token that is issued is above every token that has passed', () => {
  plays(`
    a FENCE.CHECK f 9007199254740990   -> 1
    a FENCE.NEXT f                     -> T1
    a FENCE.CHECK f 9007199254740990   -> 1
    a FENCE.CHECK f T1                 -> 1
    a FENCE.NEXT f                     -> -OUTOFBOUNDS the result would leave the bounds
    a FENCE.CHECK f 9007199254740992   -> -ERR value is not an integer or out of range
    a FENCE.CHECK f -1                 -> -ERR value is not an integer or out of range
  `)
})

test('a fence is fed by the tokens of a lock', () => {
  plays(`
    a LOCK.ACQUIRE {r}lock a       -> T1
    a FENCE.CHECK {r}fence T1      -> 1
    a LOCK.RELEASE {r}lock a       -> 1
    b LOCK.ACQUIRE {r}lock b       -> T2
    b FENCE.CHECK {r}fence T2      -> 1
    a FENCE.CHECK {r}fence T1      -> -FENCED the token is stale
  `)
})
