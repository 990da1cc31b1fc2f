import { CuemuxError, type VideoTrack } from '@cuemux/core'
import { audioEncodeArguments } from '@cuemux/ffmpeg'
import { expect, it } from 'vitest'
import { byFilmValues } from './film-values.js'

const track = { id: 7 } as VideoTrack
const sound = (channelsIn: number): unknown =>
  audioEncodeArguments({ codec: 'ac3', channelsIn, sampleRateIn: 48_000, target: 'aac', channelsOut: 2 })

it('lays values that no encoder takes to the film', () => {
  expect(byFilmValues(track, () => sound(2))).toMatchObject({ channels: 2 })
  expect(() => byFilmValues(track, () => sound(900))).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED_CODEC',
      message: expect.stringMatching(/^Track 7 .*channelsIn.*900/),
    }),
  )
})

it('lets other failures through', () => {
  const failure = new CuemuxError('ENCODER_FAILED', 'It fell.')
  expect(() =>
    byFilmValues(track, () => {
      throw failure
    }),
  ).toThrow(failure)
})
