import type { VideoJob, VideoSource, VideoTarget } from '../src/arguments/job.js'
import { describeEncoder, type VideoEncoder } from '../src/capabilities/choose.js'
import { CANDIDATES, type Capabilities } from '../src/capabilities/model.js'

/** Filters, decoders and hwaccels of Debian's ffmpeg 5.1 that matter to argument lists. */
const FILTERS = [
  ...['bwdif', 'yadif', 'scale', 'zscale', 'tonemap', 'libplacebo', 'hwupload_cuda', 'scale_cuda', 'yadif_cuda'],
  ...['scale_vaapi', 'deinterlace_vaapi', 'tonemap_vaapi', 'transpose_vaapi', 'vpp_qsv'],
]

/** A machine on which every encoder works, with an Intel and an NVIDIA GPU. */
export function wellEquipped(changes: Partial<Capabilities> = {}): Capabilities {
  return {
    binary: { path: '/usr/bin/ffmpeg', sizeBytes: 1, modifiedMs: 1 },
    hardware: {
      driver: 'test',
      renderDevices: [{ path: '/dev/dri/renderD128', vendor: '0x8086' }],
      computeCapability: 8.6,
    },
    version: '5.1.9',
    encoders: CANDIDATES.map(({ name }) => name),
    decoders: ['h264', 'hevc', 'h264_qsv', 'hevc_qsv'],
    filters: FILTERS,
    hwaccels: ['cuda', 'vaapi', 'qsv', 'videotoolbox'],
    trials: CANDIDATES.map(candidate => ({
      ...candidate,
      works: true,
      device: candidate.family === 'vaapi' ? '/dev/dri/renderD128' : undefined,
    })),
    vulkanDevice: undefined,
    qsvToneMaps: false,
    ...changes,
  }
}

/** An encoder of the well-equipped machine. */
export function encoderNamed(name: string, changes: Partial<Capabilities> = {}): VideoEncoder {
  const capabilities = wellEquipped(changes)
  const trial = capabilities.trials.find(each => each.name === name)!
  return describeEncoder(capabilities, trial, trial.codec as VideoEncoder['codec'], name)
}

/** A film in 1080p25, H.264, to H.264 of medium quality with a keyframe every 4 s. */
export function videoJob(source: Partial<VideoSource> = {}, target: Partial<VideoTarget> = {}): VideoJob {
  return {
    source: {
      codec: 'h264',
      width: 1920,
      height: 1080,
      pixelAspect: [1, 1],
      rotation: 0,
      frameRate: [25, 1],
      scan: 'progressive',
      bitDepth: 8,
      chroma: '4:2:0',
      colour: undefined,
      hdr: undefined,
      ...source,
    },
    target: { codec: 'h264', rate: { quality: 'medium' }, keyframes: { timescale: 25, interval: 100 }, ...target },
  }
}

/** What a source of HDR10 has beside its size. */
export const PQ: Partial<VideoSource> = {
  codec: 'hevc',
  bitDepth: 10,
  hdr: { transfer: 'pq', hasMasteringMetadata: true },
}
