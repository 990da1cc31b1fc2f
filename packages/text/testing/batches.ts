import { createSampleBatch, type SampleBatch, type TextCodec, type TextTrack, type VideoTrack } from '@cuemux/core'

const BASE = {
  id: 1,
  timescale: 1000,
  language: 'und',
  title: undefined,
  isDefault: false,
  isForced: false,
  roles: [],
  start: undefined,
  end: undefined,
  bitrateBps: undefined,
  sampleCount: undefined,
} as const

/** A subtitle track. */
export function textTrack(codec: TextCodec, containerCodec: string, config = '', language = 'und'): TextTrack {
  const description = { config: new TextEncoder().encode(config), codecString: undefined }
  return { ...BASE, kind: 'text', codec, containerCodec, language, descriptions: [description] }
}

/** A video track; lengths of NAL units have four bytes. */
export function videoTrack(codec: 'h264' | 'hevc' | 'vp9' = 'h264'): VideoTrack {
  return {
    ...BASE,
    kind: 'video',
    codec,
    containerCodec: codec,
    descriptions: [{ config: new Uint8Array(), codecString: undefined }],
    width: 320,
    height: 180,
    pixelAspect: [1, 1],
    rotation: 0,
    frameDuration: undefined,
    frameRate: undefined,
    reorderDelay: 0,
    colour: undefined,
    hdr: {},
    bitDepth: undefined,
    interlaced: false,
  }
}

/** One sample of {@link batchOf}: when, how long, and what. */
export type TestSample = readonly [time: number, duration: number, data: Uint8Array | string]

/** A batch of samples that are presented when they are decoded. */
export function batchOf(
  samples: readonly TestSample[],
  timescale = 1000,
): SampleBatch & { readonly data: Uint8Array[] } {
  const batch = createSampleBatch(1, timescale, samples.length)
  samples.forEach(([time, duration, data], i) => {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
    batch.dts[i] = time
    batch.duration[i] = duration
    batch.size[i] = bytes.length
    batch.data.push(bytes)
  })
  return batch
}

/** A box with its payload. */
export function box(type: string, ...payloads: readonly (Uint8Array | string)[]): Uint8Array {
  const parts = payloads.map(part => (typeof part === 'string' ? new TextEncoder().encode(part) : part))
  const bytes = new Uint8Array(8 + parts.reduce((sum, { length }) => sum + length, 0))
  new DataView(bytes.buffer).setUint32(0, bytes.length)
  bytes.set(new TextEncoder().encode(type), 4)
  let at = 8
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
