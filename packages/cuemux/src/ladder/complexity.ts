import {
  type Capabilities,
  chooseEncoder,
  inputArguments,
  type VideoEncoder,
  type VideoJob,
  videoEncodeArguments,
} from '@cuemux/ffmpeg'
import type { FfmpegEncoder } from '../encoding/ffmpeg-encoder.js'
import type { FilmPictures } from './film-input.js'

/** Where a film is looked at, as parts of its length: not at its titles. */
const PLACES = [0.2, 0.5, 0.8] as const
/** How much of it at each place, s. */
const SAMPLE_S = 2
/** Of the pictures that are encoded for a look. */
const HEIGHT = 360
/** What a usual film takes at this size and x264's rate factor of `medium` quality, bits per second and pixel. */
const USUAL_BITS_PER_PIXEL = 400_000 / (640 * 360)
/** A cartoon needs less than half of a usual film's bits, grain and confetti no more than can be paid. */
const LEAST = 0.4
const MOST = 1.6

/**
 * How hard a film is to encode: 1 for a usual one. A few seconds of it are encoded at a constant quality, and what that
 * takes is compared. The same film gives the same number.
 *
 * @param lengthS of the film
 */
export async function measureComplexity(
  encoder: FfmpegEncoder,
  { address, source, clockOffsetUs, track }: FilmPictures,
  lengthS: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const by = softwareEncoder(await encoder.capabilities(signal))
  if (by === undefined) return 1
  const startS = (track.start ?? 0) / track.timescale - clockOffsetUs / 1e6
  const keyframes = { timescale: 1, interval: 10 }
  const job: VideoJob = {
    source,
    target: { codec: 'h264', heightLimit: HEIGHT, rate: { quality: 'medium' }, keyframes },
    threads: 1,
  }
  const made = videoEncodeArguments(job, by)
  const ffmpeg = await encoder.registry()
  let bytes = 0
  for (const place of PLACES) {
    const seek = ['-ss', (startS + place * Math.max(0, lengthS - SAMPLE_S)).toFixed(3), '-t', String(SAMPLE_S)]
    const args = [
      ...['-hide_banner', '-loglevel', 'warning', '-nostats', ...made.inputArguments, '-seek_timestamp', '1', ...seek],
      ...[...inputArguments(address.url), ...made.outputArguments, '-f', 'h264', 'pipe:1'],
    ]
    const child = await ffmpeg.start({ args, stdin: 'keys', signal })
    const done = child.expect()
    child.stdout.on('data', (piece: Uint8Array) => {
      bytes += piece.length
      child.touch()
    })
    await child.exit
    done()
  }
  const bitrateBps = (bytes * 8) / (PLACES.length * Math.min(SAMPLE_S, lengthS))
  const usual = USUAL_BITS_PER_PIXEL * made.width * made.height
  return Math.round(Math.min(MOST, Math.max(LEAST, bitrateBps / usual)) * 100) / 100
}

function softwareEncoder(capabilities: Capabilities): VideoEncoder | undefined {
  try {
    return chooseEncoder(capabilities, { codec: 'h264', force: 'software' })
  } catch {
    return undefined
  }
}
