import type { VideoEncoder } from '../capabilities/choose.js'
import type { RateTarget, VideoJob } from './job.js'
import { keyframeIntervalFrames } from './keyframes.js'
import { videoLevel } from './level.js'
import { outputSize } from './size.js'

type Quality = 'high' | 'medium' | 'low'
/** Quantizers of the hardware encoders, on the scale of H.264 and HEVC. */
const QP: Readonly<Record<Quality, number>> = { high: 20, medium: 28, low: 35 }
/** AV1's quantizer index goes to 255 where H.264's goes to 51. */
const AV1_QP_FACTOR = 4
/** Rate factors of x264 and x265. */
const CRF: Readonly<Record<Quality, number>> = { high: 20, medium: 26, low: 32 }
/** SVT-AV1's and libaom's go to 63 where x264's go to 51. */
const AV1_CRF: Readonly<Record<Quality, number>> = { high: 30, medium: 38, low: 46 }
/** Bits per pixel for VideoToolbox, whose constant quality only Apple's own chips have. */
const BITS_PER_PIXEL: Readonly<Record<Quality, number>> = { high: 0.12, medium: 0.07, low: 0.04 }
/** Keyframes come where the plan says; this only keeps encoders from adding their own (QSV holds it in 16 bits). */
const FAR = '9999'

function bitrateArguments(rate: Exclude<RateTarget, { quality: Quality }>): readonly string[] {
  const { bitrateBps, maxBitrateBps = Math.round(bitrateBps * 1.5), bufferBits = bitrateBps * 2 } = rate
  return ['-b:v', String(bitrateBps), '-maxrate', String(maxBitrateBps), '-bufsize', String(bufferBits)]
}

/** Rate control as arguments: by quality, or by bit rate. */
function rateOf(
  job: VideoJob,
  byQuality: (quality: Quality) => readonly string[],
  mode: readonly string[],
): readonly string[] {
  const { rate } = job.target
  return 'quality' in rate ? byQuality(rate.quality) : [...mode, ...bitrateArguments(rate)]
}

function quantizer(job: VideoJob, quality: Quality): string {
  return String(QP[quality] * (job.target.codec === 'av1' ? AV1_QP_FACTOR : 1))
}

/** Profile and level; AV1's encoders find theirs. */
function profileArguments(job: VideoJob, level: string = videoLevel(job)): readonly string[] {
  if (job.target.codec === 'av1') return []
  return ['-profile:v', job.target.codec === 'h264' ? 'high' : 'main', '-level', level]
}

/**
 * NVENC. B-frames for H.264 alone: for HEVC several GPUs that have NVENC refuse them. No B-frame is a reference, and a
 * cut in the film makes no keyframe of its own.
 */
function nvencArguments(job: VideoJob): readonly string[] {
  const { codec } = job.target
  // Adaptive quantization and look-ahead shift bits about, which a constant quantizer has none of.
  const adaptive = [
    '-spatial-aq',
    '1',
    ...(codec === 'h264' ? ['-temporal-aq', '1'] : []),
    '-rc-lookahead',
    '20',
    '-no-scenecut',
    '1',
  ]
  return [
    ...['-preset', 'p4', '-tune', 'hq'],
    ...rateOf(job, quality => ['-rc', 'constqp', '-qp', quantizer(job, quality)], ['-rc', 'vbr', ...adaptive]),
    ...profileArguments(job),
    ...(codec === 'hevc' ? ['-tier', 'main'] : []),
    ...['-g', FAR, '-forced-idr', '1', '-bf', codec === 'h264' ? '2' : '0', '-b_ref_mode', 'disabled'],
  ]
}

/** VAAPI makes an IDR of every picture that is forced. No B-frames: half of the drivers have none. */
function vaapiArguments(job: VideoJob): readonly string[] {
  const option = job.target.codec === 'av1' ? '-global_quality' : '-qp'
  return [
    ...rateOf(job, quality => ['-rc_mode', 'CQP', option, quantizer(job, quality)], ['-rc_mode', 'VBR']),
    // Its levels are named `4`, `4.1`; a `4.0` would be taken for the number 4, which is no level.
    ...profileArguments(job, videoLevel(job).replace('.0', '')),
    ...['-g', FAR, '-bf', '0'],
  ]
}

/** QSV. `-q:v` chooses the constant quantizer, `-maxrate` over `-b:v` the variable bit rate. */
function qsvArguments(job: VideoJob): readonly string[] {
  return [
    ...['-preset', 'medium'],
    ...rateOf(job, quality => ['-q:v', quantizer(job, quality)], []),
    ...profileArguments(job, videoLevel(job).replace('.', '')),
    ...['-g', FAR, '-forced_idr', '1', '-bf', '0'],
  ]
}

/** VideoToolbox, by bit rate always. */
function videotoolboxArguments(job: VideoJob): readonly string[] {
  const { source, target } = job
  const { width, height } = outputSize(source, target.heightLimit)
  const framesPerSecond = source.frameRate === undefined ? 30 : source.frameRate[0] / source.frameRate[1]
  const saving = target.codec === 'h264' ? 1 : 0.65
  const bitrate = (quality: Quality): number =>
    Math.round((width * height * framesPerSecond * BITS_PER_PIXEL[quality] * saving) / 1000) * 1000
  return [
    ...['-allow_sw', '0'],
    ...rateOf(job, quality => bitrateArguments({ bitrateBps: bitrate(quality) }), []),
    ...(target.codec === 'h264' ? profileArguments(job) : ['-profile:v', 'main']),
    ...['-g', FAR, '-bf', '0'],
  ]
}

/** AMF, whose keyframes are counted. */
function amfArguments(job: VideoJob, name: string): readonly string[] {
  const interval = keyframeIntervalFrames(job.target.keyframes, job.source.frameRate, name)
  const constant = (quality: Quality): readonly string[] => {
    const qp = quantizer(job, quality)
    return ['-rc', 'cqp', '-qp_i', qp, '-qp_p', qp]
  }
  return [
    ...['-usage', 'transcoding', '-quality', 'balanced'],
    ...rateOf(job, constant, ['-rc', 'vbr_peak']),
    ...profileArguments(job),
    ...['-g', String(interval)],
    ...(job.target.codec === 'h264' ? ['-bf', '0'] : []),
    ...(job.target.codec === 'hevc' ? ['-gops_per_idr', '1'] : []),
  ]
}

function x264Arguments(job: VideoJob): readonly string[] {
  return [
    ...['-preset', 'veryfast'],
    ...rateOf(job, quality => ['-crf', String(CRF[quality])], []),
    ...profileArguments(job),
    ...['-g', FAR, '-sc_threshold', '0', '-forced-idr', '1', '-bf', '2', '-x264-params', 'b-pyramid=none:open-gop=0'],
    ...(job.threads === undefined ? [] : ['-threads', String(job.threads)]),
  ]
}

function x265Arguments(job: VideoJob): readonly string[] {
  const level = videoLevel(job).replace('.', '')
  // One thread in all is what gives the same bytes twice: rows and frames at once share what is left of the buffer.
  const frames = job.threads === 1 ? ':frame-threads=1' : ''
  const pools = job.threads === undefined ? '' : `:pools=${job.threads}${frames}`
  const parameters = `log-level=error:scenecut=0:open-gop=0:b-pyramid=0:high-tier=0:level-idc=${level}${pools}`
  return [
    ...['-preset', 'superfast'],
    ...rateOf(job, quality => ['-crf', String(CRF[quality])], []),
    ...['-profile:v', 'main', '-g', FAR, '-forced-idr', '1', '-bf', '2', '-x265-params', parameters],
  ]
}

/** SVT-AV1, whose keyframes are counted; its peak can't be bounded where the mean is given. */
function svtav1Arguments(job: VideoJob): readonly string[] {
  const { rate } = job.target
  const interval = keyframeIntervalFrames(job.target.keyframes, job.source.frameRate, 'libsvtav1')
  return [
    ...['-preset', '10'],
    ...('quality' in rate ? ['-crf', String(AV1_CRF[rate.quality])] : ['-b:v', String(rate.bitrateBps)]),
    ...['-g', String(interval)],
    ...(job.threads === undefined ? [] : ['-svtav1-params', `lp=${job.threads}`]),
  ]
}

/** libaom in the mode for live video, the one that keeps up. */
function aomArguments(job: VideoJob): readonly string[] {
  return [
    ...['-usage', 'realtime', '-cpu-used', '8', '-row-mt', '1'],
    ...rateOf(job, quality => ['-crf', String(AV1_CRF[quality]), '-b:v', '0'], []),
    ...['-g', FAR],
    ...(job.threads === undefined ? [] : ['-threads', String(job.threads)]),
  ]
}

const SOFTWARE: Readonly<Record<string, (job: VideoJob) => readonly string[]>> = {
  libx264: x264Arguments,
  libx265: x265Arguments,
  libsvtav1: svtav1Arguments,
  'libaom-av1': aomArguments,
}

/** The encoder and its own options. */
export function encoderArguments(job: VideoJob, encoder: VideoEncoder): readonly string[] {
  const { family, name } = encoder
  const own = {
    nvenc: nvencArguments,
    vaapi: vaapiArguments,
    qsv: qsvArguments,
    videotoolbox: videotoolboxArguments,
    amf: (theJob: VideoJob) => amfArguments(theJob, name),
    software: SOFTWARE[name] ?? x264Arguments,
  }[family]
  return ['-c:v', name, ...own(job)]
}

/** Quality or rate in words. */
export function rateText(job: VideoJob): string {
  const { rate } = job.target
  return 'quality' in rate ? `at ${rate.quality} quality` : `at ${Math.round(rate.bitrateBps / 1000)} kbit/s`
}
