import type { AudioTrack } from '@cuemux/core'
import { type RenditionPlan, resolveClient } from '@cuemux/planner'
import { describe, expect, it } from 'vitest'
import { isPackedAudio } from './packed-audio.js'

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
