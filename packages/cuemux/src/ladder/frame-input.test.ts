import { CuemuxError } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { FrameInput, frameBytes } from './frame-input.js'
import { MAX_FRAMES_IN_FLIGHT } from './model.js'

const frame = (): Uint8Array => new Uint8Array(12)

describe('frames that are pushed', () => {
  it('are taken in order, each promise resolved when its frame was', async () => {
    const input = new FrameInput(12)
    const first = frame()
    const written = input.write(first)
    const taken = await input.take()
    expect(taken?.bytes).toBe(first)
    taken?.settle()
    await written
    input.end()
    expect(await input.take()).toBeUndefined()
    expect(input.pushed).toBe(1)
  })
  it('are refused beyond a number under way, and taken again when there is room', async () => {
    const input = new FrameInput(12)
    const written = Array.from({ length: MAX_FRAMES_IN_FLIGHT }, () => input.write(frame()))
    await expect(input.write(frame())).rejects.toMatchObject({ code: 'CAPACITY' })
    ;(await input.take())?.settle()
    await written[0]
    const next = input.write(frame())
    for (let i = 0; i < MAX_FRAMES_IN_FLIGHT; i++) (await input.take())?.settle()
    await Promise.all([...written, next])
    expect(input.pushed).toBe(MAX_FRAMES_IN_FLIGHT + 1)
  })
  it('are refused where they have another size or come after the end', async () => {
    const input = new FrameInput(12)
    await expect(input.write(new Uint8Array(11))).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: /12 bytes, not 11/,
    })
    input.end()
    await expect(input.write(frame())).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
  it('are all refused once the job has failed', async () => {
    const input = new FrameInput(12)
    const waiting = input.write(frame())
    const error = new CuemuxError('ENCODER_FAILED', 'It fell.')
    input.fail(error)
    await expect(waiting).rejects.toBe(error)
    await expect(input.write(frame())).rejects.toBe(error)
    await expect(input.take()).rejects.toBe(error)
  })
})

it.each([
  ['rgb24', 5, 3, 45],
  ['rgba', 5, 3, 60],
  ['yuv420p', 5, 3, 15 + 12],
  ['nv12', 4, 4, 24],
])('a picture of %s of %i×%i has %i bytes', (format, width, height, expected) => {
  expect(frameBytes(format, width, height)).toBe(expected)
})
