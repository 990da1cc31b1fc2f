import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { CuemuxError, throwIfAborted } from '@cuemux/core'
import type { Media, MediaStream, StreamOptions } from 'cuemux'
import { formatBytes, formatDuration } from '../format.js'
import type { Io, Output } from '../io.js'
import { write, writeJson } from '../io.js'
import { directWriter, openOutputFile } from '../output-file.js'
import { createProgress, type Progress } from '../progress.js'
import type { ParsedArguments } from '../usage.js'
import { type ClientName, checkOptions, FIELDS, type OptionSchema, seconds } from '../validate.js'

const SCHEMA: OptionSchema = {
  $$strict: true,
  json: FIELDS.json,
  client: FIELDS.client,
  audio: FIELDS.audio,
  start: seconds({ min: 0 }),
  duration: seconds({ min: 0.001 }),
}

interface RemuxOptions {
  readonly json?: boolean
  readonly client?: ClientName
  readonly audio?: readonly string[]
  readonly start?: number
  readonly duration?: number
}

/** What `--json` prints of a remux. */
interface RemuxResult {
  readonly output: string
  readonly byteLength: number
  readonly startMs: number
  readonly durationMs: number
}

/** `cuemux remux INPUT OUTPUT`: writes the film, or a part of it, as one fragmented MP4. */
export async function remux(parsed: ParsedArguments, io: Io): Promise<void> {
  const [input = '', output = ''] = parsed.positionals
  const options = await checkOptions<RemuxOptions>(SCHEMA, parsed.values)
  const isStdout = output === '-'
  if (isStdout && io.stdout.isTTY === true) {
    throw new CuemuxError('OUTPUT_FAILED', 'A film is not written to a terminal.', {
      hint: 'Pipe it to a player, or name a file.',
    })
  }
  await refuseSameFile(input, output)
  const { openMedia } = await io.loadCuemux()
  const media = await openMedia(input, { signal: io.signal })
  const progress = createProgress(io, { json: options.json === true })
  try {
    const stream = await media.stream(streamOptions(options, io))
    const byteLength = isStdout
      ? await pipeToStdout(stream, io.stdout, progress)
      : await writeToFile(stream, output, media, progress)
    progress.clear()
    const { startMs, durationMs } = stream
    await report({ output, byteLength, startMs, durationMs }, options, io)
  } finally {
    progress.clear()
    await media.close()
  }
}

/** A file is for any player: all that MP4 can carry is copied, unless the user names who plays it. */
function streamOptions(options: RemuxOptions, io: Io): StreamOptions {
  return {
    client: options.client ?? 'native',
    signal: io.signal,
    ...(options.start === undefined ? {} : { startMs: options.start * 1000 }),
    ...(options.duration === undefined ? {} : { durationMs: options.duration * 1000 }),
    ...(options.audio === undefined ? {} : { audioLanguages: options.audio }),
  }
}

/** The output would take the place of the film that it is made from. */
async function refuseSameFile(input: string, output: string): Promise<void> {
  const [from, to] = await Promise.all([input, output].map(path => stat(path).catch(() => undefined)))
  if (from?.isFile() && to !== undefined && from.dev === to.dev && from.ino === to.ino) {
    throw new CuemuxError('BAD_REQUEST', 'OUTPUT is the same file as INPUT.', { hint: 'Name another file.' })
  }
}

async function writeToFile(stream: MediaStream, path: string, media: Media, progress: Progress): Promise<number> {
  const file = await openOutputFile(path)
  let written = 0
  try {
    for await (const pieces of stream.chunks({ reusesMemory: true })) {
      await file.write(pieces)
      written += lengthOf(pieces)
      progress.show(`${path}: ${formatBytes(written)} of about ${formatBytes(media.info.sizeBytes)}`)
    }
    await file.commit()
  } finally {
    await file.discard()
  }
  return written
}

/** A reader that goes away ends the process from the stream's error (EPIPE): see `process.ts`. */
async function pipeToStdout(stream: MediaStream, stdout: Output, progress: Progress): Promise<number> {
  const writeDirectly = directWriter(stdout)
  let written = 0
  // A stream may hold on to what it was given, so that its memory can't be used again.
  for await (const pieces of stream.chunks({ reusesMemory: writeDirectly !== undefined })) {
    if (writeDirectly === undefined) await writeToStream(pieces, stdout)
    else await writeDirectly(pieces)
    written += lengthOf(pieces)
    progress.show(formatBytes(written))
  }
  return written
}

async function writeToStream(pieces: readonly Uint8Array[], stdout: Output): Promise<void> {
  let hasRoom = true
  for (const piece of pieces) hasRoom = stdout.write(piece)
  if (!hasRoom) await once(stdout, 'drain')
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of pieces) length += piece.byteLength
  return length
}

async function report(result: RemuxResult, options: RemuxOptions, io: Io): Promise<void> {
  throwIfAborted(io.signal)
  const isStdout = result.output === '-'
  // The film itself is on stdout: what is said of it goes beside it.
  if (options.json) return writeJson(isStdout ? io.stderr : io.stdout, result)
  if (isStdout) return
  const length = formatDuration(result.durationMs)
  await write(io.stdout, `${result.output}: ${length}, ${formatBytes(result.byteLength)}\n`)
}
