import { CuemuxError } from '@cuemux/core'
import type { TrackDecision } from '@cuemux/planner'
import type { EncoderService, EncodingRequest, TrackEncoding } from './service.js'

/**
 * Prepares the encoder for the tracks that need it. Sound without an encoder, or that none decodes, is left out, unless there is nothing else; a
 * picture without one fails.
 *
 * @throws CuemuxError `ENCODER_MISSING`, `UNSUPPORTED_CODEC`, and what looking at the tracks throws
 */
export async function openEncodings(
  decisions: readonly TrackDecision[],
  encoder: EncoderService | undefined,
  request: Omit<EncodingRequest, 'decision'>,
): Promise<ReadonlyMap<number, TrackEncoding>> {
  const encodings = new Map<number, TrackEncoding>()
  let missing: CuemuxError | undefined
  if (encoder === undefined) return encodings
  try {
    for (const decision of decisions) {
      const { track, action } = decision
      if (action !== 'encode' || track.kind === 'text') continue
      try {
        encodings.set(track.id, await encoder.open({ ...request, decision }))
      } catch (error) {
        const isLeftOut =
          error instanceof CuemuxError && (error.code === 'ENCODER_MISSING' || error.code === 'UNSUPPORTED_CODEC')
        if (!isLeftOut || track.kind === 'video') throw error
        missing = error
      }
    }
    const hasOthers = encodings.size > 0 || decisions.some(({ action }) => action === 'copy')
    if (missing !== undefined && !hasOthers) throw missing
    return encodings
  } catch (error) {
    await closeEncodings(encodings.values())
    throw error
  }
}

/** Ends the processes of encodings. */
export async function closeEncodings(encodings: Iterable<TrackEncoding>): Promise<void> {
  await Promise.all(Array.from(encodings, encoding => encoding.close()))
}
