import { CuemuxError } from '@cuemux/core'
import { installHint } from '../locate.js'
import { CANDIDATES, type Capabilities, type EncoderFamily, type EncoderTrial, type TargetVideoCodec } from './model.js'
import { validate } from './schemas.js'

/** Encoders that one can ask for by a short name; any candidate's own name, as `hevc_nvenc`, does as well. */
export type ForcedEncoder = 'auto' | EncoderFamily | 'x264' | 'x265' | 'svtav1' | 'aom' | (string & {})

/** What to encode to, and by what. */
export interface EncoderRequest {
  readonly codec: TargetVideoCodec
  /** `auto` where absent: the first of NVENC, VAAPI, QSV, VideoToolbox, AMF and software that works. */
  readonly force?: ForcedEncoder
  /** Families to pass over, as long as their hardware is in trouble. */
  readonly except?: readonly EncoderFamily[]
  /** Keyframes lie at times that are no multiple of the frame: encoders that only count frames are passed over. */
  readonly irregularKeyframes?: boolean
}

/** The encoder that was chosen, with what the argument lists need to know of its surroundings. */
export interface VideoEncoder {
  /** ffmpeg's name. */
  readonly name: string
  readonly family: EncoderFamily
  readonly codec: TargetVideoCodec
  /** VAAPI's render device. */
  readonly device: string | undefined
  /** It sets a keyframe where `-force_key_frames` says; SVT-AV1 and AMF (before ffmpeg 7) count frames instead. */
  readonly forcesKeyframes: boolean
  readonly filters: readonly string[]
  readonly decoders: readonly string[]
  readonly hwaccels: readonly string[]
  /** Of the NVIDIA GPU, as 8.6, or the least that its encoders show. */
  readonly computeCapability: number | undefined
  /** libplacebo has a GPU to draw on. */
  readonly hasVulkan: boolean
  readonly qsvToneMaps: boolean
  /** Intel's VAAPI driver; no other maps HDR to SDR. */
  readonly vaapiToneMaps: boolean
  /** Why this one, in words. */
  readonly reason: string
}

const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ['x264', 'libx264'],
  ['x265', 'libx265'],
  ['svtav1', 'libsvtav1'],
  ['aom', 'libaom-av1'],
])
const INTEL = '0x8086'
/** Encoders that take no order for a keyframe. */
const COUNTING = /^libsvtav1$|_amf$/

/** Whether `-force_key_frames` moves an encoder, by its name. */
function forcesKeyframes(name: string): boolean {
  return !COUNTING.test(name)
}

/**
 * The encoder for a codec: the best that works, or the one that was asked for.
 *
 * @throws CuemuxError `ENCODER_MISSING` where none works, or not the one that was asked for; the message lists what does
 */
export function chooseEncoder(capabilities: Capabilities, request: EncoderRequest): VideoEncoder {
  const { codec, force = 'auto', except = [], irregularKeyframes = false } = validate('encoder', request)
  const wanted = SHORT_NAMES.get(force) ?? force
  const matches = (trial: EncoderTrial): boolean =>
    trial.codec === codec && (wanted === 'auto' || trial.family === wanted || trial.name === wanted)
  const usable = (trial: EncoderTrial): boolean =>
    trial.works && !except.includes(trial.family) && !(irregularKeyframes && !forcesKeyframes(trial.name))
  const asked = capabilities.trials.filter(matches)
  const chosen = asked.find(usable)
  if (chosen === undefined) throw missing(capabilities, codec, wanted, asked)
  return describeEncoder(capabilities, chosen, codec, wanted)
}

/** A trial with what the argument lists need to know of its surroundings. */
export function describeEncoder(
  capabilities: Capabilities,
  trial: EncoderTrial,
  codec: TargetVideoCodec,
  wanted: string,
): VideoEncoder {
  const { hardware, filters, decoders, hwaccels, trials } = capabilities
  const better = trials.filter(other => other.codec === codec).slice(0, trials.indexOf(trial))
  const passed = better.filter(other => !other.works && other.family !== 'software').map(other => other.family)
  return {
    name: trial.name,
    family: trial.family,
    codec,
    device: trial.device,
    forcesKeyframes: forcesKeyframes(trial.name),
    filters,
    decoders,
    hwaccels,
    computeCapability: hardware.computeCapability ?? shownCapability(trials),
    hasVulkan: capabilities.vulkanDevice !== undefined,
    qsvToneMaps: capabilities.qsvToneMaps,
    vaapiToneMaps: hardware.renderDevices.some(({ path, vendor }) => path === trial.device && vendor === INTEL),
    reason:
      wanted !== 'auto'
        ? `${trial.name}, as asked for`
        : `${trial.name}${passed.length === 0 ? '' : `, as there is no ${[...new Set(passed)].join(', ')}`}`,
  }
}

/** What a GPU must have, by the encoders that work on it: AV1 came with 8.9, HEVC with 5.2. */
function shownCapability(trials: readonly EncoderTrial[]): number | undefined {
  const works = new Set(trials.filter(trial => trial.works).map(trial => trial.name))
  if (works.has('av1_nvenc')) return 8.9
  if (works.has('hevc_nvenc')) return 5.2
  return works.has('h264_nvenc') ? 5 : undefined
}

function missing(
  capabilities: Capabilities,
  codec: TargetVideoCodec,
  wanted: string,
  asked: readonly EncoderTrial[],
): CuemuxError {
  const known = CANDIDATES.some(({ name, family }) => name === wanted || family === wanted)
  const there = capabilities.trials.filter(trial => trial.works && trial.codec === codec).map(trial => trial.name)
  const why = asked.filter(trial => !trial.works).map(trial => `${trial.name}: ${trial.reason ?? 'does not work'}`)
  const subject = wanted === 'auto' ? `No encoder for ${codec} can be used` : `There is no ${wanted} for ${codec}`
  const reasons = why.length === 0 ? '' : ` (${why.join('; ')})`
  const have = there.length === 0 ? 'nothing for this codec' : there.join(', ')
  return new CuemuxError('ENCODER_MISSING', `${subject}${reasons}. Working here: ${have}.`, {
    hint:
      known || wanted === 'auto'
        ? installHint()
        : `Known: auto, ${[...SHORT_NAMES.keys()].join(', ')}, nvenc, vaapi, qsv, videotoolbox, amf.`,
  })
}
