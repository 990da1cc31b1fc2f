import type { VideoEncoder } from '../capabilities/choose.js'
import type { VideoSource } from './job.js'

/** Where the decoded pictures come to lie: in the GPU's memory, or in the processor's, decoded there or downloaded. */
export type FramePlace = 'device' | 'system'

/** How a source is decoded. */
export interface DecodePlan {
  readonly isOnDevice: boolean
  readonly inputArguments: readonly string[]
  readonly explanation: string
}

/** Least compute capability of NVDEC by codec; HEVC's is that of 10 bits. */
const NVDEC: Readonly<Partial<Record<VideoSource['codec'], number>>> = { h264: 5, hevc: 6, av1: 8 }
const FAMILY_NAMES: Readonly<Record<VideoEncoder['family'], string>> = {
  nvenc: 'NVDEC',
  vaapi: 'VAAPI',
  qsv: 'QSV',
  videotoolbox: 'VideoToolbox',
  amf: 'AMF',
  software: 'software',
}

/**
 * Why the family's decoder can't take a source; `undefined` where it can. Every GPU's H.264 decoder is for 8-bit 4:2:0,
 * HEVC's and AV1's for 8 and 10 bits.
 */
function obstacle(source: VideoSource, encoder: VideoEncoder): string | undefined {
  const { codec, bitDepth, chroma } = source
  const { family } = encoder
  if (family === 'software') return 'the encoder is software'
  if (family === 'amf') return 'AMF has no decoder here'
  if (codec !== 'h264' && codec !== 'hevc' && !(codec === 'av1' && family === 'nvenc')) {
    return `${FAMILY_NAMES[family]} is not asked to decode ${codec}`
  }
  if (bitDepth === undefined || chroma === undefined) return 'its pixel format is not known'
  if (chroma !== '4:2:0' || bitDepth > (codec === 'h264' ? 8 : 10)) {
    return `no GPU decodes ${codec} of ${bitDepth} bits ${chroma}`
  }
  return missingDecoder(codec, encoder)
}

function missingDecoder(codec: VideoSource['codec'], encoder: VideoEncoder): string | undefined {
  const { family, computeCapability = 0 } = encoder
  if (family === 'qsv') return encoder.decoders.includes(`${codec}_qsv`) ? undefined : `ffmpeg has no ${codec}_qsv`
  const hwaccel = family === 'nvenc' ? 'cuda' : family
  if (!encoder.hwaccels.includes(hwaccel)) return `ffmpeg is built without ${hwaccel}`
  if (family === 'nvenc' && computeCapability < (NVDEC[codec] ?? Number.POSITIVE_INFINITY)) {
    return `NVDEC takes ${codec} from compute capability ${NVDEC[codec]} on, this GPU's is ${computeCapability}`
  }
  return undefined
}

/** Arguments that have to stand before any use of a device: VAAPI's is named once, for decoder, filters and encoder. */
export function deviceArguments(encoder: VideoEncoder): readonly string[] {
  if (encoder.family !== 'vaapi') return []
  return ['-init_hw_device', `vaapi=va:${encoder.device ?? '/dev/dri/renderD128'}`, '-filter_hw_device', 'va']
}

/**
 * Who decodes. Where the pictures are filtered by the processor, the hardware's decoder hands them down by itself: ffmpeg
 * does so when no output format is given.
 */
export function planDecode(source: VideoSource, encoder: VideoEncoder, place: FramePlace): DecodePlan {
  const reason = obstacle(source, encoder)
  if (reason !== undefined) {
    return { isOnDevice: false, inputArguments: [], explanation: `${source.codec} decoded by the processor: ${reason}` }
  }
  const { family } = encoder
  const name = family === 'nvenc' ? 'cuda' : family
  const explanation = `${source.codec} decoded by ${FAMILY_NAMES[family]}`
  const format = place === 'device' ? ['-hwaccel_output_format', name] : []
  const inputArguments =
    family === 'vaapi'
      ? ['-hwaccel', name, '-hwaccel_device', 'va', ...format]
      : family === 'qsv'
        ? ['-hwaccel', name, ...format, '-c:v', `${source.codec}_qsv`]
        : ['-hwaccel', name, ...format]
  return { isOnDevice: true, inputArguments, explanation }
}

/** Whether the family decodes the source at all. */
export function decodesOnDevice(source: VideoSource, encoder: VideoEncoder): boolean {
  return obstacle(source, encoder) === undefined
}
