import { CuemuxError } from '@cuemux/core'
import { expect, it } from 'vitest'
import type { LadderSegment } from './model.js'
import { SegmentQueue } from './segment-queue.js'

const segment = (number: number): LadderSegment => ({ rendition: 'video-1', number, start: 0, duration: 1, data: [] })

it('gives what was put in, and tells when there is room again', async () => {
  const queue = new SegmentQueue(2)
  let rooms = 0
  const forget = queue.onRoom(() => rooms++)
  queue.push(segment(0))
  expect(queue.isFull).toBe(false)
  queue.push(segment(1))
  expect(queue.isFull).toBe(true)
  const room = queue.room()
  expect((await queue.next())?.number).toBe(0)
  await room
  expect(rooms).toBe(1)
  forget()
  expect((await queue.next())?.number).toBe(1)
  expect(rooms).toBe(1)
  const later = queue.next()
  queue.push(segment(2))
  expect((await later)?.number).toBe(2)
  queue.end()
  expect(await queue.next()).toBeUndefined()
})

it('gives what it has before it says what went wrong, and keeps nobody waiting', async () => {
  const queue = new SegmentQueue(1)
  queue.push(segment(0))
  const room = queue.room()
  const error = new CuemuxError('ENCODER_FAILED', 'It fell.')
  queue.end(error)
  await room
  queue.push(segment(1))
  expect((await queue.next())?.number).toBe(0)
  await expect(queue.next()).rejects.toBe(error)
})
