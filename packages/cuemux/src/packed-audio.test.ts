import { type AudioTrack, createSampleBatch } from '@cuemux/core'
import { type RenditionPlan, resolveClient } from '@cuemux/planner'
import { describe, expect, it } from 'vitest'
import { isPackedAudio, writePackedAudio } from './packed-audio.js'

const rendition = (codec: AudioTrack['codec']): RenditionPlan =>
  ({ name: 'audio-2', kind: 'audio', tracks: [{ kind: 'audio', codec }] }) as unknown as RenditionPlan

describe('isPackedAudio', () => {
  it.each([
    ['mp3', 'browser', true],
    ['mp3', 'safari', true],
    ['mp3', 'native', false],
    ['aac', 'browser', false],
    ['mp3', ['avc1', 'mp3'], true],
    ['mp3', ['avc1', 'MP3'], true],
    ['mp3', ['mp3', 'mp4a.6B'], false],
    ['mp3', ['mp4a.40.34'], false],
    ['aac', ['mp3', 'mp4a.40.2'], false],
  ] as const)('says of %s for %j: %j', (codec, client, expected) => {
    expect(isPackedAudio(rendition(codec), resolveClient(client))).toBe(expected)
  })
})

describe('writePackedAudio', () => {
  it('puts the first frame’s time in 90 kHz before the frames', () => {
    const batch = createSampleBatch(2, 48000, 2)
    batch.dts.set([48000 * 100_000, 48000 * 100_000 + 1152])
    batch.data.push(Uint8Array.of(0xff, 0xfb, 1), Uint8Array.of(0xff, 0xfb, 2))
    const bytes = Buffer.concat(writePackedAudio([batch], 480))
    expect(bytes.subarray(0, 10).toString('hex')).toBe('49443304000000000' + '03f')
    expect(bytes.subarray(10, 20).toString('hex')).toBe('50524956' + '00000035' + '0000')
    expect(bytes.subarray(20, 65).toString('latin1')).toBe('com.apple.streaming.transportStreamTimestamp\0')
    // 100000.01 s × 90000, modulo 2^33
    expect(bytes.readBigUInt64BE(65)).toBe(9_000_000_900n - 8_589_934_592n)
    expect(bytes.subarray(73).toString('hex')).toBe('fffb01fffb02')
  })
})
