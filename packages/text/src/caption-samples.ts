import { forEachNalUnit } from '@cuemux/codecs'
import { concatBytes, type SampleBatch, type VideoTrack } from '@cuemux/core'
import { isMessage, lengthSizeOf } from './cc-data.js'

/**
 * A batch of pictures with nothing in its samples but their SEI messages, copied out of what was read: all that
 * `readCaptions` needs of it, a hundredth of the bytes. Samples that break off lose what is behind.
 */
export function captionSamples(track: VideoTrack, batch: SampleBatch): SampleBatch {
  const lengthSize = lengthSizeOf(track, batch.descriptionIndex)
  const data = batch.data.map(sample => {
    const messages: Uint8Array[] = []
    try {
      forEachNalUnit(sample, lengthSize, (start, end) => {
        if (isMessage(track.codec, sample[start] ?? 0)) messages.push(sample.subarray(start - lengthSize, end))
      })
    } catch {
      // What came before is good.
    }
    return concatBytes(messages)
  })
  return { ...batch, data, size: Uint32Array.from(data, ({ byteLength }) => byteLength) }
}
