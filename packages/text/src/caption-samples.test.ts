import { createSampleBatch, type VideoTrack } from '@cuemux/core'
import { expect, it } from 'vitest'
import { injectCaptions } from '../testing/captions-608.js'
import { captionSamples } from './caption-samples.js'
import { readCaptions } from './captions.js'

/** `avcC` of no sets, with lengths of four bytes. */
const config = Uint8Array.of(1, 66, 0, 30, 0xff, 0xe0, 0)
const track = {
  kind: 'video',
  codec: 'h264',
  descriptions: [{ config, codecString: undefined }],
} as unknown as VideoTrack

it('has the captions of the pictures in much fewer bytes', async () => {
  const pictures = createSampleBatch(1, 24, 96)
  for (let i = 0; i < 96; i++) {
    pictures.dts[i] = i
    pictures.duration[i] = 1
    pictures.data.push(Uint8Array.of(0, 0, 4, 0, 0x41, ...new Uint8Array(1023).fill(0x55)))
  }
  const batch = injectCaptions(pictures, { CC1: [{ startUs: 1e6, endUs: 3e6, rows: ['Hello'] }] })
  const stripped = captionSamples(track, batch)
  expect(stripped.size.reduce((sum, size) => sum + size)).toBeLessThan(96 * 40)
  const cues = await readCaptions({ track, batches: [stripped] })
  expect(cues).toEqual(await readCaptions({ track, batches: [batch] }))
  expect(cues.get('CC1')?.map(({ payload }) => payload)).toEqual(['Hello'])
  const cut = { ...batch, data: batch.data.map(sample => sample.subarray(0, sample.length - 1)) }
  expect(captionSamples(track, cut).data).toEqual(stripped.data)
})
