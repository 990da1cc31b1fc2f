import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ReadAhead, type Viewer } from './read-ahead.js'

const SEGMENT_MS = 6000
const alone: Viewer = { key: 'a', isAlone: true }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A viewer of a film whose segments are prepared when the test says so. */
function start(viewer: Viewer = alone) {
  const readAhead = new ReadAhead()
  const prepared: number[] = []
  const ends: string[] = []
  let finish = (): void => {}
  return {
    readAhead,
    prepared,
    ends,
    finish: async () => {
      finish()
      await vi.advanceTimersByTimeAsync(0)
    },
    async ask(n: number, afterMs: number): Promise<void> {
      await vi.advanceTimersByTimeAsync(afterMs)
      const place = readAhead.asked(viewer, n, SEGMENT_MS)
      readAhead.served(place, {
        n: n + 1,
        prepare: signal =>
          new Promise((resolve, reject) => {
            prepared.push(n + 1)
            finish = resolve
            signal.addEventListener('abort', () => reject(new Error('aborted')))
          }),
        onEnd: outcome => ends.push(`${n + 1} ${outcome}`),
      })
      await vi.advanceTimersByTimeAsync(0)
    },
  }
}

describe('ReadAhead', () => {
  it('prepares the segment after the one that was asked for', async () => {
    const viewer = start()
    await viewer.ask(3, 0)
    await viewer.finish()
    await viewer.ask(4, SEGMENT_MS)
    expect([viewer.prepared, viewer.ends]).toEqual([[4, 5], ['4 prepared']])
  })

  it('ends it when the viewer goes elsewhere', async () => {
    const viewer = start()
    await viewer.ask(3, 0)
    await viewer.ask(40, 100)
    expect([viewer.prepared, viewer.ends]).toEqual([[4, 41], ['4 cancelled']])
  })

  it('leaves it when another viewer of the same address is elsewhere', async () => {
    const viewer = start({ key: 'a', isAlone: false })
    await viewer.ask(3, 0)
    await viewer.ask(40, 100)
    expect([viewer.prepared, viewer.ends]).toEqual([[4, 41], []])
  })

  it('does nothing for who downloads, and starts again when the pace is a player’s', async () => {
    const viewer = start()
    for (let n = 0; n < 12; n++) {
      await viewer.ask(n, 100)
      await viewer.finish()
    }
    expect(viewer.prepared).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    await viewer.ask(12, SEGMENT_MS)
    expect(viewer.prepared.at(-1)).toBe(13)
  })

  it('ends everything when it is closed', async () => {
    const viewer = start()
    await viewer.ask(3, 0)
    viewer.readAhead.close()
    await viewer.ask(4, SEGMENT_MS)
    expect([viewer.prepared, viewer.ends]).toEqual([[4], ['4 cancelled']])
  })

  it('prepares no more than a few at once', async () => {
    const readAhead = new ReadAhead()
    let started = 0
    for (let i = 0; i < 20; i++) {
      const place = readAhead.asked({ key: String(i), isAlone: true }, 0, SEGMENT_MS)
      readAhead.served(place, { n: 1, prepare: () => new Promise(() => void started++), onEnd: () => {} })
    }
    expect(started).toBe(4)
  })
})
