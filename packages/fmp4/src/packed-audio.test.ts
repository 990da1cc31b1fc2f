import { createSampleBatch } from '@cuemux/core'
import { expect, it } from 'vitest'
import { writePackedAudio } from './packed-audio.js'

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

it('puts a timestamp of 90 kHz before the frames, which stay where they are', () => {
  const batch = createSampleBatch(2, 44100, 2)
  batch.dts.set([44100, 45252])
  batch.data.push(Uint8Array.of(0xff, 0xfb, 1), Uint8Array.of(0xff, 0xfb, 2))
  const [tag, ...frames] = writePackedAudio(batch, 22050)
  const owner = Buffer.from('com.apple.streaming.transportStreamTimestamp\0').toString('hex')
  // 1.5 s are 135000 ticks; 0x35 bytes of PRIV in a tag of 0x3f.
  expect(hex(tag)).toBe(`49443304000000 00003f 50524956 00000035 0000 ${owner} 0000000000020f58`.replaceAll(' ', ''))
  expect(frames[0]).toBe(batch.data[0])
  expect(frames[1]).toBe(batch.data[1])
})

it('wraps after 33 bits', () => {
  const batch = createSampleBatch(2, 90_000, 1)
  batch.dts[0] = 2 ** 33 + 5
  expect(hex(writePackedAudio(batch, 0)[0]).slice(-16)).toBe('0000000000000005')
  batch.dts[0] = 2 ** 32 + 7
  expect(hex(writePackedAudio(batch, 0)[0]).slice(-16)).toBe('0000000100000007')
})
