import { basename, dirname, join } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import type { FfmpegRegistry } from '../process/registry.js'
import { inputArguments } from './input-arguments.js'
import { isObject, numberOf, type ProbedStream, readStream } from './probe-model.js'

/** What ffprobe says of an input that Cuemux doesn't read itself. */
export interface ProbedMedia {
  /** ffmpeg's name of the container, as `avi`. */
  readonly format: string
  /** Length, ms; `undefined` where it isn't known. */
  readonly durationMs: number | undefined
  /** Pictures and sounds, in the order of the input. */
  readonly streams: readonly ProbedStream[]
}

/** Facts of a film with hundreds of streams take less. */
const MAX_ANSWER_BYTES = 4 << 20
const MAX_STREAMS = 1000

/**
 * Asks ffprobe about an input: for the containers that only ffmpeg opens (AVI, FLV, WMV, MPEG-PS …).
 *
 * @param url address of the input: see {@link LoopbackServer}
 * @throws CuemuxError `UNSUPPORTED_CONTAINER` where ffmpeg can't open it either, `ENCODER_MISSING` without ffprobe,
 * `LIMIT_EXCEEDED`, `CAPACITY`, `ABORTED`
 */
export async function probeWithFfprobe(
  ffmpeg: FfmpegRegistry,
  url: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ProbedMedia> {
  const asked = await askFfprobe(ffmpeg, ['-show_format', '-show_streams', ...inputArguments(url)], options)
  const streams = asked.streams.filter(stream => stream !== undefined)
  return { format: asked.format, durationMs: asked.durationMs, streams }
}

/** What ffprobe answered, stream by stream. */
export interface ProbeAnswer extends Omit<ProbedMedia, 'streams'> {
  /** The streams in their order; `undefined` for one that is no picture and no sound. */
  readonly streams: readonly (ProbedStream | undefined)[]
  /** Its own words of each of them. */
  readonly answers: readonly unknown[]
}

/**
 * Runs ffprobe with these arguments and reads its answer.
 *
 * @throws CuemuxError as {@link probeWithFfprobe}
 */
export async function askFfprobe(
  ffmpeg: FfmpegRegistry,
  args: readonly string[],
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<ProbeAnswer> {
  const command = ffprobePath(ffmpeg.ffmpegPath)
  const child = await ffmpeg.start({ command, args: ['-v', 'error', '-of', 'json', ...args], stdin: 'keys', signal })
  const done = child.expect()
  const pieces: Buffer[] = []
  let length = 0
  child.stdout.on('data', (piece: Buffer) => {
    length += piece.length
    child.touch()
    if (length <= MAX_ANSWER_BYTES) pieces.push(piece)
    else void child.end()
  })
  const { status, isOurs } = await child.exit
  done()
  if (signal?.aborted) throw new CuemuxError('ABORTED', 'The operation was aborted.')
  if (isOurs) throw new CuemuxError('LIMIT_EXCEEDED', 'ffprobe says more of the input than any film needs.')
  if (status === undefined && child.pid === undefined) throw child.failure('The input could not be probed')
  if (status !== 0) {
    const why = child.reason.text
    throw new CuemuxError('UNSUPPORTED_CONTAINER', `The input is nothing that Cuemux or ffmpeg can read: ${why}.`)
  }
  return readAnswer(Buffer.concat(pieces).toString())
}

/** Beside ffmpeg, by the same name. */
function ffprobePath(ffmpegPath: string): string {
  const name = basename(ffmpegPath).replace('ffmpeg', 'ffprobe')
  return ffmpegPath.includes('/') || ffmpegPath.includes('\\') ? join(dirname(ffmpegPath), name) : name
}

/** @throws CuemuxError `UNSUPPORTED_CONTAINER` */
function readAnswer(text: string): ProbeAnswer {
  const unreadable = (cause?: unknown): CuemuxError =>
    new CuemuxError('UNSUPPORTED_CONTAINER', 'ffprobe says nothing of the input that can be read.', { cause })
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (error) {
    throw unreadable(error)
  }
  if (!isObject(answer) || !isObject(answer.format) || !Array.isArray(answer.streams)) throw unreadable()
  const answers = answer.streams.slice(0, MAX_STREAMS).filter(isObject)
  const durationS = numberOf(answer.format.duration)
  return {
    format: String(answer.format.format_name ?? '').slice(0, 100),
    durationMs: durationS === undefined || durationS <= 0 ? undefined : durationS * 1000,
    streams: answers.map(readStream),
    answers,
  }
}
