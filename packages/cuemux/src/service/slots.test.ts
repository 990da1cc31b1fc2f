import { describe, expect, it } from 'vitest'
import { type Leave, Slots } from './slots.js'

const limits = { active: 2, perCaller: 2, queued: 1 }

describe('Slots', () => {
  it('lets in so many at once, and the next one when one leaves', async () => {
    const slots = new Slots(limits)
    const first = slots.enter(undefined, undefined) as Leave
    slots.enter(undefined, undefined)
    const third = slots.enter(undefined, undefined)
    expect([slots.active, slots.queued]).toEqual([2, 1])
    first()
    first()
    const leave = await third
    expect([slots.active, slots.queued]).toEqual([2, 0])
    leave()
    expect(slots.active).toBe(1)
  })

  it('sends away what finds the queue full, and a caller past its own limit', () => {
    const slots = new Slots(limits)
    slots.enter('a', undefined)
    slots.enter('a', undefined)
    expect(() => slots.enter('a', undefined)).toThrow(expect.objectContaining({ code: 'CAPACITY', status: 429 }))
    void slots.enter('b', undefined)
    expect(() => slots.enter('c', undefined)).toThrow(expect.objectContaining({ code: 'CAPACITY', status: 503 }))
  })

  it('counts a caller no more when it has left, or given up waiting', async () => {
    const slots = new Slots({ active: 1, perCaller: 1, queued: 5 })
    const leave = slots.enter('a', undefined) as Leave
    const controller = new AbortController()
    const waiting = slots.enter('b', controller.signal)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
    leave()
    expect(slots.active).toBe(0)
    expect(typeof slots.enter('b', undefined)).toBe('function')
  })

  it('sends everybody away when it is closed', async () => {
    const slots = new Slots({ active: 1, perCaller: 9, queued: 5 })
    slots.enter(undefined, undefined)
    const waiting = slots.enter(undefined, undefined)
    slots.close()
    await expect(waiting).rejects.toMatchObject({ code: 'CAPACITY', status: 503 })
    expect(() => slots.enter(undefined, undefined)).toThrow(/shut down/)
  })
})
