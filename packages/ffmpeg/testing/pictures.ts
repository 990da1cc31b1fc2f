import { execFileSync } from 'node:child_process'
import type { SampleBatch } from '@cuemux/core'
import { parameterSetsOf } from '../src/video/parameter-sets.js'

/** Size of the test pictures. */
export const SIZE = { width: 192, height: 108 } as const

const FRAME_BYTES = SIZE.width * SIZE.height

/** The luma of every frame of a file or of an H.264 byte stream, in the order in which they are shown. */
export function decodeLuma(input: string | Uint8Array): Uint8Array[] {
  const from = typeof input === 'string' ? ['-i', input] : ['-f', 'h264', '-i', 'pipe:0']
  const out = execFileSync(
    'ffmpeg',
    ['-v', 'error', ...from, '-map', '0:v:0', '-fps_mode', 'passthrough', '-vf', 'format=gray', '-f', 'rawvideo', '-'],
    { maxBuffer: 1 << 28, ...(typeof input === 'string' ? {} : { input }) },
  )
  const frames: Uint8Array[] = []
  for (let at = 0; at + FRAME_BYTES <= out.length; at += FRAME_BYTES) frames.push(out.subarray(at, at + FRAME_BYTES))
  return frames
}

/** Samples with lengths before their NAL units as a byte stream that a decoder takes, parameter sets first. */
export function toAnnexB(avcc: Uint8Array, batches: readonly SampleBatch[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const sample of [parameterSetsOf(avcc), ...batches.flatMap(batch => [...batch.data])]) {
    const view = new DataView(sample.buffer, sample.byteOffset, sample.byteLength)
    for (let at = 0; at < sample.length; ) {
      const length = view.getUint32(at)
      parts.push(Uint8Array.of(0, 0, 0, 1), sample.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** Peak signal to noise, dB. */
export function psnrDb(a: Uint8Array, b: Uint8Array): number {
  let error = 0
  for (let i = 0; i < a.length; i++) error += (a[i]! - b[i]!) ** 2
  return 10 * Math.log10((255 * 255 * a.length) / Math.max(error, 1))
}
