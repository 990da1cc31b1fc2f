import { type AudioTrack, rescale } from '@cuemux/core'
import { type AudioAddress, type FfmpegRegistry, type ProbedStream, probeWithFfprobe } from '@cuemux/ffmpeg'
import type { FfmpegEncoder } from './ffmpeg-encoder.js'
import { notDecoded } from './foreign-film.js'
import type { EncodingRequest } from './service.js'

/** Sound that ffmpeg reads out of the film by itself. */
export interface SoundAddress extends AudioAddress {
  /** The track with the rate and the channels that ffmpeg's decoder gives. */
  readonly track: AudioTrack
  close(): Promise<void>
}

/**
 * Where ffmpeg reads a track whose codec only it can name (ADPCM, WMA, AMR …): in the film as it lies, by its own demuxer.
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC` where ffmpeg doesn't find the track, or has no decoder for it; and what probing throws
 */
export async function soundAddress(
  encoder: FfmpegEncoder,
  ffmpeg: FfmpegRegistry,
  { source, demuxer, signal }: EncodingRequest,
  track: AudioTrack,
): Promise<SoundAddress> {
  const input = await encoder.loopback.serve(source)
  try {
    const { streams } = await probeWithFfprobe(ffmpeg, input.url, { signal })
    const sounds = streams.filter(stream => stream.track.kind === 'audio')
    const found = findSound(sounds, track, demuxer.index.tracks.filter(one => one.kind === 'audio') as AudioTrack[])
    if (found?.track.kind !== 'audio' || !found.isDecodable) throw notDecoded(track)
    const { sampleRate, channels, start, timescale } = found.track
    const startUs = rescale(track.start ?? 0, track.timescale, 1_000_000)
    const clockOffsetUs = start === undefined ? 0 : startUs - rescale(start, timescale, 1_000_000)
    return {
      input,
      streamIndex: found.streamIndex,
      clockOffsetUs,
      track: { ...track, sampleRate, channels },
      close: () => input.close(),
    }
  } catch (error) {
    await input.close()
    throw error
  }
}

/** The stream of a track: by the container's number, or, as Matroska's are not told, by its place among as many. */
function findSound(
  sounds: readonly ProbedStream[],
  track: AudioTrack,
  tracks: readonly AudioTrack[],
): ProbedStream | undefined {
  const byNumber = sounds.find(({ containerId }) => containerId === track.id)
  if (byNumber !== undefined || sounds.length !== tracks.length) return byNumber
  return sounds[tracks.findIndex(({ id }) => id === track.id)]
}
