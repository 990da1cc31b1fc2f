import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { AudioTrack, ByteSource, Demuxer, SampleBatch } from '@cuemux/core'
import { openMatroska } from '@cuemux/matroska'
import type { ReadSamples } from '../src/audio/sample-feed.js'

/** A sweep in stereo: no two places sound alike. */
export const SWEEP = "aevalsrc='0.3*sin(2*PI*t*(300+20*t))|0.3*sin(2*PI*t*(500+13*t))'"

/** A folder for a test file's media, removed by {@link MediaFolder.remove}. */
export class MediaFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), 'cuemux-ffmpeg-'))

  /** Makes a file with ffmpeg; answers its path. */
  async make(name: string, ...args: readonly string[]): Promise<string> {
    const path = join(this.path, name)
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args, path])
    return path
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true })
  }
}

/** A source over the bytes of a file. */
export function sourceOf(path: string): ByteSource {
  const bytes = new Uint8Array(readFileSync(path))
  return {
    key: path,
    name: path,
    sizeBytes: bytes.length,
    seekCostBytes: 0,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  }
}

/** A film's sound as a transcoder wants it. */
export interface SoundInput {
  readonly track: AudioTrack
  readonly readSamples: ReadSamples
}

/** The first sound of a Matroska file, all of it in memory. */
export async function openSound(path: string): Promise<SoundInput> {
  const demuxer: Demuxer = await openMatroska(sourceOf(path))
  const found = demuxer.index.tracks.find(track => track.kind === 'audio')
  const track = (await demuxer.readTrackStart(found?.id ?? 0)) as AudioTrack
  const [batch] = await demuxer.readSpan({ first: 0, end: demuxer.index.keyframes.count }, [track.id])
  if (batch === undefined) throw new Error('no sound')
  return { track, readSamples: async (from, to) => sliceBatch(batch, from, to) }
}

/** The samples of a batch that start in a range. */
export function sliceBatch(batch: SampleBatch, from: number, to: number): SampleBatch {
  let first = 0
  while (first < batch.count && batch.dts[first]! < from) first++
  let end = first
  while (end < batch.count && batch.dts[end]! < to) end++
  return {
    ...batch,
    count: end - first,
    dts: batch.dts.slice(first, end),
    compositionOffset: batch.compositionOffset.slice(first, end),
    duration: batch.duration.slice(first, end),
    size: batch.size.slice(first, end),
    flags: batch.flags.slice(first, end),
    data: batch.data.slice(first, end),
  }
}

/** PCM of an input as ffmpeg decodes it, interleaved floats. */
export function decode(input: string | Uint8Array, channels: number, rate: number): Float32Array {
  const from = typeof input === 'string' ? ['-i', input] : ['-i', 'pipe:0']
  const out = execFileSync(
    'ffmpeg',
    ['-v', 'error', ...from, '-map', '0:a:0', '-ac', `${channels}`, '-ar', `${rate}`, '-f', 'f32le', '-'],
    { maxBuffer: 1 << 28, ...(typeof input === 'string' ? {} : { input }) },
  )
  return new Float32Array(out.buffer.slice(out.byteOffset, out.byteOffset + out.byteLength))
}

const RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000]

/** AAC frames as an ADTS stream, which ffmpeg decodes without leaving anything out. */
export function toAdts(frames: readonly Uint8Array[], rate: number, channels: number): Uint8Array {
  const parts = frames.map(frame => {
    const length = frame.length + 7
    const header = Uint8Array.of(
      0xff,
      0xf1,
      (1 << 6) | (RATES.indexOf(rate) << 2) | (channels >> 2),
      ((channels & 3) << 6) | (length >> 11),
      (length >> 3) & 255,
      ((length & 7) << 5) | 0x1f,
      0xfc,
    )
    return Buffer.concat([header, frame])
  })
  return new Uint8Array(Buffer.concat(parts))
}

/** Signal over difference, dB, of `signal` from `at` on against `reference` from `referenceAt` on. */
export function snrDb(
  reference: Float32Array,
  referenceAt: number,
  signal: Float32Array,
  at: number,
  length: number,
): number {
  let power = 0
  let error = 0
  for (let i = 0; i < length; i++) {
    const wanted = reference[referenceAt + i] ?? 0
    power += wanted ** 2
    error += (wanted - (signal[at + i] ?? 0)) ** 2
  }
  return 10 * Math.log10(power / Math.max(error, 1e-20))
}
