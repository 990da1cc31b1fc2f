import { describe, expect, it } from 'vitest'
import { SingleFlight } from './single-flight.js'

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

describe('SingleFlight', () => {
  it('does the work once for all who wait', async () => {
    const flights = new SingleFlight<number>()
    const gate = deferred<number>()
    let runs = 0
    const work = (): Promise<number> => {
      runs++
      return gate.promise
    }
    const both = Promise.all([flights.run('a', undefined, work), flights.run('a', undefined, work)])
    gate.resolve(7)
    expect(await both).toEqual([7, 7])
    expect(runs).toBe(1)
  })

  it('works again once the first has landed, be it well or badly', async () => {
    const flights = new SingleFlight<number>()
    await expect(flights.run('a', undefined, () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    expect(await flights.run('a', undefined, () => Promise.resolve(2))).toBe(2)
  })

  it('aborts the work only when the last one has left', async () => {
    const flights = new SingleFlight<number>()
    const [first, second] = [new AbortController(), new AbortController()]
    let inner: AbortSignal | undefined
    const work = (signal: AbortSignal): Promise<number> => {
      inner = signal
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
    }
    const a = flights.run('a', first.signal, work)
    const b = flights.run('a', second.signal, work)
    first.abort()
    await expect(a).rejects.toMatchObject({ code: 'ABORTED' })
    expect(inner?.aborted).toBe(false)
    second.abort()
    await expect(b).rejects.toMatchObject({ code: 'ABORTED' })
    expect(inner?.aborted).toBe(true)
  })

  it('goes on while one waits without a signal', async () => {
    const flights = new SingleFlight<number>()
    const gate = deferred<number>()
    const leaver = new AbortController()
    const stays = flights.run('a', undefined, () => gate.promise)
    const leaves = flights.run('a', leaver.signal, () => gate.promise)
    leaver.abort()
    await expect(leaves).rejects.toMatchObject({ code: 'ABORTED' })
    gate.resolve(1)
    expect(await stays).toBe(1)
  })

  it('starts anew for somebody who comes after all have left', async () => {
    const flights = new SingleFlight<number>()
    const leaver = new AbortController()
    const left = flights.run('a', leaver.signal, () => new Promise(() => {}))
    leaver.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await flights.run('a', undefined, () => Promise.resolve(3))).toBe(3)
  })
})
