import type { SampleBatch } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { PcmInput } from './pcm-input.js'

const FORMAT = { format: 's16le', sampleRate: 48_000, channels: 2 } as const
const signal = new AbortController().signal
const sound = (samples: number): Uint8Array => new Uint8Array(samples * 4)

async function read(input: PcmInput, from: number, to: number): Promise<SampleBatch | undefined> {
  const batches = await input.read(from, to, signal)
  return batches as SampleBatch | undefined
}

describe('sound that is pushed', () => {
  it('comes in packets that lie on one grid, however it was pushed', async () => {
    const input = new PcmInput(FORMAT)
    for (const samples of [100, 3000, 1, 999]) input.write(sound(samples), 0)
    input.end()
    const batch = await read(input, 0, 5000)
    expect(Array.from(batch?.dts ?? [])).toEqual([0, 1024, 2048, 3072, 4096])
    expect(Array.from(batch?.duration ?? [])).toEqual([1024, 1024, 1024, 1024, 4])
    expect(await read(input, 5000, 6000)).toBeUndefined()
  })
  it('is waited for', async () => {
    const input = new PcmInput(FORMAT)
    const wanted = read(input, 0, 2048)
    input.write(sound(1024), 0)
    input.write(sound(1024), 0)
    expect((await wanted)?.count).toBe(2)
    const abort = new AbortController()
    const never = input.read(4096, 5000, abort.signal)
    abort.abort()
    await expect(never).rejects.toMatchObject({ code: 'ABORTED' })
  })
  it('begins again with the sound before a chunk, and forgets what is older', async () => {
    const input = new PcmInput(FORMAT)
    expect(input.firstSample(0.5)).toBe(0)
    expect(input.firstSample(10)).toBe(Math.floor((4.5 * 48_000) / 1024) * 1024)
    input.startAt(1024)
    input.write(sound(48_000 * 8), 8)
    expect((await read(input, 0, 2048))?.dts[0]).toBe(1024)
    input.forgetBefore(6.5)
    expect((await read(input, 0, 60_000))?.dts[0]).toBe(Math.floor(48_000 / 1024) * 1024)
  })
  it('is refused where it is far ahead of the pictures, broken, or after the end', () => {
    const input = new PcmInput(FORMAT)
    input.write(sound(48_000 * 30), 0)
    expect(() => input.write(sound(1), 0)).toThrow(expect.objectContaining({ code: 'CAPACITY' }))
    input.write(sound(1), 0.1)
    expect(() => input.write(new Uint8Array(5), 1)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    input.end()
    expect(() => input.write(sound(1), 1)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    const wrong = { ...FORMAT, channels: 9 }
    expect(() => new PcmInput(wrong)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})
