import { describe, expect, test } from 'vitest'
import { findRoom, type Holding, type RoomRequest } from './room.js'

const ann = { user: 'ann' }
let order = 0

function holding(id: string, sourceId: string, ...watchedBy: string[]): Holding {
  return { id, sourceId, order: ++order, watchedBy: new Set(watchedBy) }
}

function room(request: Partial<RoomRequest>, ...open: Holding[]): ReturnType<typeof findRoom> {
  return findRoom({ user: ann, sourceId: 'a', maxPerSource: undefined, target: undefined, ...request }, open)
}

describe('at a source at its limit', () => {
  test('what nobody watches gives way, then the own oldest', () => {
    const open = [holding('1', 'a', 'ann'), holding('2', 'a'), holding('3', 'a', 'ann'), holding('4', 'b', 'ann')]
    expect(room({ maxPerSource: 3 }, ...open).close).toEqual(['2'])
    expect(room({ maxPerSource: 2 }, ...open).close).toEqual(['2', '1'])
  })

  test('without anything of the own there is no room', () => {
    const open = [holding('1', 'a', 'ben'), holding('2', 'a', 'ann', 'ben')]
    expect(() => room({ maxPerSource: 2 }, ...open)).toThrow('Source at capacity (2 streams)')
    expect(() => room({ maxPerSource: 2 }, ...open)).toThrow(expect.objectContaining({ code: 'CAPACITY', status: 429 }))
  })

  test('a session that is open already takes no room', () => {
    const open = [holding('1', 'a', 'ben'), holding('2', 'a', 'ann')]
    expect(room({ maxPerSource: 2, target: '1' }, ...open)).toEqual({ close: [], leave: [] })
  })
})

describe('of a user at the limit', () => {
  const one = { user: { user: 'ann', maxSessions: 1 } }

  test('the oldest is left, that of opening it again is not', () => {
    const open = [holding('1', 'a', 'ann'), holding('2', 'b', 'ben')]
    expect(room(one, ...open)).toEqual({ close: [], leave: ['1'] })
    expect(room({ ...one, target: '1' }, ...open)).toEqual({ close: [], leave: [] })
  })

  test('what gives way at the source is not counted twice', () => {
    const open = [holding('1', 'a', 'ann'), holding('2', 'a', 'ann')]
    const two = { user: { user: 'ann', maxSessions: 2 } }
    expect(room({ ...two, maxPerSource: 2 }, ...open)).toEqual({ close: ['1'], leave: [] })
  })

  test('0 is no limit', () => {
    expect(room({ user: { user: 'ann', maxSessions: 0 }, maxPerSource: 0 }, holding('1', 'a', 'ann'))).toEqual({
      close: [],
      leave: [],
    })
  })
})
