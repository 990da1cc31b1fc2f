import type { AudioTrack, SampleDescription, VideoTrack } from '@cuemux/core'

/** Bytes from hexadecimal digits. */
export function bytes(digits: string): Uint8Array {
  return Uint8Array.from(digits.replaceAll(' ', '').match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

/** One way to decode, from hexadecimal digits. */
export function description(config: string, more: Partial<SampleDescription> = {}): SampleDescription {
  return { config: bytes(config), codecString: undefined, ...more }
}

const base = {
  containerCodec: '',
  language: 'und',
  title: undefined,
  isDefault: true,
  isForced: false,
  roles: [],
  start: 0,
  end: undefined,
  bitrateBps: undefined,
  sampleCount: undefined,
}

/** A video track of 1920×1080 pixels at 24 fps, H.264 unless told otherwise. */
export function videoTrack(more: Partial<VideoTrack> = {}): VideoTrack {
  return {
    ...base,
    kind: 'video',
    id: 1,
    timescale: 24000,
    codec: 'h264',
    descriptions: [description('01640028ff e1000467640028 01000468ee3cb0')],
    width: 1920,
    height: 1080,
    pixelAspect: [1, 1],
    rotation: 0,
    frameDuration: 1000,
    frameRate: 24,
    reorderDelay: 2000,
    colour: undefined,
    hdr: {},
    bitDepth: 8,
    interlaced: false,
    ...more,
  }
}

/** An audio track of two channels at 48 kHz, AAC-LC unless told otherwise. */
export function audioTrack(more: Partial<AudioTrack> = {}): AudioTrack {
  return {
    ...base,
    kind: 'audio',
    id: 2,
    timescale: 48000,
    codec: 'aac',
    descriptions: [description('1190')],
    sampleRate: 48000,
    channels: 2,
    frameDuration: 1024,
    priming: 1024,
    bitDepth: undefined,
    hasJoc: false,
    ...more,
  }
}
