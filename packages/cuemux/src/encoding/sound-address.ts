import { type AudioTrack, rescale, type Track } from '@cuemux/core'
import {
  type AudioAddress,
  canBeFed,
  type FfmpegRegistry,
  type MediaAddress,
  type ProbedStream,
  probeWithFfprobe,
} from '@cuemux/ffmpeg'
import type { FfmpegEncoder } from './ffmpeg-encoder.js'
import { foreignAddress, notDecoded } from './foreign-film.js'
import type { EncodingRequest } from './service.js'

/** Sound that ffmpeg reads out of the film by itself. */
export interface SoundAddress extends AudioAddress {
  /** The track with the rate and the channels that ffmpeg's decoder gives. */
  readonly track: AudioTrack
  close(): Promise<void>
}

/**
 * Where ffmpeg reads a track that can't be fed to it: in a container that only it reads, or of a codec that only it can name
 * (ADPCM, WMA, AMR …). `undefined` for what our own demuxer's samples are fed of.
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC` where ffmpeg doesn't find the track, or has no decoder for it; and what probing throws
 */
export async function soundAddress(
  encoder: FfmpegEncoder,
  film: Pick<EncodingRequest, 'source' | 'demuxer' | 'signal'>,
  track: AudioTrack,
): Promise<SoundAddress | undefined> {
  const foreign = await foreignAddress(encoder, film.demuxer, track)
  if (foreign !== undefined) return { ...foreign, track, close: async () => {} }
  if (canBeFed(track)) return undefined
  const input = await encoder.loopback.serve(film.source)
  try {
    return { input, ...(await locateSound(await encoder.registry(), input, film, track)), close: () => input.close() }
  } catch (error) {
    await input.close()
    throw error
  }
}

async function locateSound(
  ffmpeg: FfmpegRegistry,
  { url }: MediaAddress,
  { demuxer, signal }: Pick<EncodingRequest, 'demuxer' | 'signal'>,
  track: AudioTrack,
): Promise<Omit<SoundAddress, 'input' | 'close'>> {
  const { streams } = await probeWithFfprobe(ffmpeg, url, { signal })
  const sounds = streams.filter(stream => stream.track.kind === 'audio')
  const tracks = demuxer.index.tracks.filter(({ kind }) => kind === 'audio')
  const found = findSound(sounds, track, tracks)
  if (found?.track.kind !== 'audio' || !found.isDecodable) throw notDecoded(track)
  const { sampleRate, channels, start, timescale } = found.track
  const startUs = rescale(track.start ?? 0, track.timescale, 1_000_000)
  const clockOffsetUs = start === undefined ? 0 : startUs - rescale(start, timescale, 1_000_000)
  return { streamIndex: found.streamIndex, clockOffsetUs, track: { ...track, sampleRate, channels } }
}

/** The stream of a track: by the container's number, or, as Matroska's are not told, by its place among as many. */
function findSound(
  sounds: readonly ProbedStream[],
  track: AudioTrack,
  tracks: readonly Track[],
): ProbedStream | undefined {
  const byNumber = sounds.find(({ containerId }) => containerId === track.id)
  if (byNumber !== undefined || sounds.length !== tracks.length) return byNumber
  return sounds[tracks.findIndex(({ id }) => id === track.id)]
}
