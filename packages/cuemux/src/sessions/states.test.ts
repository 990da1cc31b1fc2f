import { expect, test } from 'vitest'
import { isOpenState, nextState, SIGNAL_OWNERS, TRANSITIONS } from './states.js'

test('the table of transitions', () => {
  const lines = Object.entries(TRANSITIONS).flatMap(([from, signals]) =>
    Object.entries(signals).map(([signal, to]) => `${from} ${signal} → ${to}`),
  )
  expect(lines).toEqual([
    'starting opened → running',
    'starting failed → failed',
    'starting rested → suspended',
    'starting ended → ended',
    'running unwatched → idle',
    'running failed → failed',
    'running rested → suspended',
    'running ended → ended',
    'idle watched → running',
    'idle failed → failed',
    'idle rested → suspended',
    'idle ended → ended',
    'suspended wanted → starting',
    'suspended ended → ended',
    'failed ended → ended',
  ])
})

test('each signal has one owner, and what has ended stays so', () => {
  const signals = new Set(Object.values(TRANSITIONS).flatMap(Object.keys))
  expect(Object.keys(SIGNAL_OWNERS).sort()).toEqual([...signals].sort())
  for (const signal of Object.keys(SIGNAL_OWNERS) as (keyof typeof SIGNAL_OWNERS)[]) {
    expect(nextState('ended', signal)).toBeUndefined()
  }
  expect((['suspended', 'ended', 'failed'] as const).some(isOpenState)).toBe(false)
})
