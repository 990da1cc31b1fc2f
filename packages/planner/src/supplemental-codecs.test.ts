import { expect, it } from 'vitest'
import { video } from '../fixtures/films.js'
import { supplementalCodecs } from './supplemental-codecs.js'

it('names Dolby Vision beside a base layer that plays alone, and nothing else', () => {
  const dolby = (...payload: number[]) =>
    video({ codec: 'hevc', hdr: { dolbyVision: { box: 'dvvC', payload: Uint8Array.from(payload) } } })
  expect(supplementalCodecs(dolby(1, 0, 0x10, 0x35, 0x10))).toEqual(['dvh1.08.06/db1p'])
  expect(supplementalCodecs(dolby(1, 0, 0x0a, 0x35, 0))).toEqual([])
  expect(supplementalCodecs(video())).toEqual([])
})
