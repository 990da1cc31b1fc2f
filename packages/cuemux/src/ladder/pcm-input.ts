import {
  type AudioTrack,
  CuemuxError,
  concatBytes,
  createSampleBatch,
  SAMPLE_SYNC,
  type SampleBatch,
} from '@cuemux/core'
import type { ReadSamples } from '@cuemux/ffmpeg'
import type { LadderPcm } from './model.js'

/** Samples in a packet of the sound; packets lie at multiples of it, so that every run is fed the same. */
const PACKET = 1024
/** Sound that a chunk's encoder needs before the chunk, to settle, s; what is older than that is forgotten. */
const PREROLL_S = 5.5
/** How far the sound may be ahead of the pictures, s. */
const MAX_AHEAD_S = 30

/** Sound that the caller pushes, kept until the encoder can't ask for it any more. */
export class PcmInput {
  readonly track: AudioTrack
  readonly #format: LadderPcm
  readonly #sampleBytes: number
  /** Whole packets, from {@link #firstPacket} on. */
  readonly #packets: Uint8Array[] = []
  #firstPacket = 0
  #rest: Uint8Array = new Uint8Array(0)
  #written = 0
  #hasEnded = false
  readonly #waiting: (() => void)[] = []

  /** @throws CuemuxError `BAD_REQUEST` for what is no such format */
  constructor(format: LadderPcm) {
    checkFormat(format)
    this.#format = format
    const isFloat = format.format === 'f32le'
    this.#sampleBytes = format.channels * (isFloat ? 4 : 2)
    this.track = {
      id: 2,
      kind: 'audio',
      codec: 'pcm',
      containerCodec: isFloat ? 'A_PCM/FLOAT/IEEE' : 'A_PCM/INT/LIT',
      timescale: format.sampleRate,
      descriptions: [{ config: new Uint8Array(0), codecString: undefined }],
      ...{ language: 'und', title: undefined, isDefault: true, isForced: false, roles: [] },
      ...{ start: 0, end: undefined, bitrateBps: undefined, sampleCount: undefined },
      ...{ sampleRate: format.sampleRate, channels: format.channels, frameDuration: PACKET, priming: 0 },
      ...{ bitDepth: isFloat ? 32 : 16, hasJoc: false },
    }
  }

  /** The first sample that has to be pushed for sound from a time on, s. */
  firstSample(fromS: number): number {
    const packet = Math.floor(((fromS - PREROLL_S) * this.#format.sampleRate) / PACKET)
    return Math.max(0, packet) * PACKET
  }

  /** What is pushed begins with this sample. */
  startAt(sample: number): void {
    this.#firstPacket = sample / PACKET
    this.#written = sample
  }

  /** @throws CuemuxError `BAD_REQUEST`, `CAPACITY` */
  write(bytes: Uint8Array, picturesS: number): void {
    const { sampleRate } = this.#format
    if (this.#hasEnded) throw new CuemuxError('BAD_REQUEST', 'Sound came after the end of the frames.')
    if (!(bytes instanceof Uint8Array) || bytes.byteLength % this.#sampleBytes !== 0) {
      throw new CuemuxError('BAD_REQUEST', `Sound has whole samples of ${this.#sampleBytes} bytes.`)
    }
    const samples = bytes.byteLength / this.#sampleBytes
    if ((this.#written + samples) / sampleRate > picturesS + MAX_AHEAD_S) {
      throw new CuemuxError('CAPACITY', `The sound is more than ${MAX_AHEAD_S} s ahead of the pictures.`, {
        hint: 'Push frames and sound in step.',
      })
    }
    this.#written += samples
    const all = concatBytes([this.#rest, bytes])
    const packetBytes = PACKET * this.#sampleBytes
    let at = 0
    for (; at + packetBytes <= all.length; at += packetBytes) this.#packets.push(all.slice(at, at + packetBytes))
    this.#rest = all.slice(at)
    this.#tell()
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    if (this.#rest.length > 0) this.#packets.push(this.#rest)
    this.#rest = new Uint8Array(0)
    this.#tell()
  }

  /** For the encoder; waits for what has not been pushed yet. */
  readonly read: ReadSamples = async (fromTicks, toTicks, signal) => {
    const first = Math.max(this.#firstPacket, Math.ceil(fromTicks / PACKET))
    const end = Math.ceil(toTicks / PACKET)
    while (!this.#hasEnded && this.#firstPacket + this.#packets.length < end) await this.#more(signal)
    const from = first - this.#firstPacket
    const data = this.#packets.slice(from, Math.max(from, end - this.#firstPacket))
    return data.length === 0 ? undefined : this.#batch(first, data)
  }

  /** Forgets what nobody needs who makes segments from a time on, s. */
  forgetBefore(fromS: number): void {
    const packet = Math.min(this.firstSample(fromS) / PACKET, this.#firstPacket + this.#packets.length)
    if (packet <= this.#firstPacket) return
    this.#packets.splice(0, packet - this.#firstPacket)
    this.#firstPacket = packet
  }

  #batch(first: number, data: readonly Uint8Array[]): SampleBatch {
    const batch = createSampleBatch(this.track.id, this.track.timescale, data.length)
    data.forEach((bytes, i) => {
      batch.dts[i] = (first + i) * PACKET
      batch.duration[i] = bytes.length / this.#sampleBytes
      batch.size[i] = bytes.length
      batch.data.push(bytes)
    })
    batch.flags.fill(SAMPLE_SYNC)
    return batch
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new CuemuxError('ABORTED', 'The operation was aborted.'))
      const onAbort = (): void => reject(new CuemuxError('ABORTED', 'The operation was aborted.'))
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
    })
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

function checkFormat({ format, sampleRate, channels }: LadderPcm): void {
  const isWhole = (value: number, from: number, to: number): boolean =>
    Number.isInteger(value) && value >= from && value <= to
  if ((format === 's16le' || format === 'f32le') && isWhole(sampleRate, 8000, 192_000) && isWhole(channels, 1, 8))
    return
  throw new CuemuxError(
    'BAD_REQUEST',
    `frames.audio is ${format} of ${channels} channels at ${sampleRate} Hz; it must be s16le or f32le of 1 to 8 channels at 8000 to 192000 Hz.`,
  )
}
