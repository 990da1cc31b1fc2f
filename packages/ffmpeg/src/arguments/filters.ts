import type { VideoEncoder } from '../capabilities/choose.js'
import { decodesOnDevice, type FramePlace } from './decode.js'
import type { VideoJob } from './job.js'
import { outputSize, uprightSize } from './size.js'

/** A chain of filters from decoded pictures to what the encoder takes. */
export interface FilterPlan {
  /** Where the decoder has to leave its pictures. */
  readonly place: FramePlace
  /** For `-vf`. */
  readonly filter: string
  /** Devices that the filters need. */
  readonly globalArguments: readonly string[]
  readonly explanation: readonly string[]
}

interface Step {
  readonly filters: readonly string[]
  readonly explanation?: string | undefined
}

const TRANSFER_NAMES = { pq: 'smpte2084', hlg: 'arib-std-b67' } as const
/** CICP's code for what isn't specified. */
const UNSPECIFIED = 2

/** Who maps HDR to SDR; `none` where nobody can. */
type ToneMapper = 'device' | 'libplacebo' | 'zscale' | 'none'

function has(encoder: VideoEncoder, ...names: readonly string[]): boolean {
  return names.every(name => encoder.filters.includes(name))
}

function toneMapper(job: VideoJob, encoder: VideoEncoder): ToneMapper | undefined {
  const { hdr } = job.source
  if (hdr === undefined) return undefined
  const onVaapi = hdr.transfer === 'pq' && hdr.hasMasteringMetadata && encoder.vaapiToneMaps
  if (encoder.family === 'vaapi' && onVaapi && has(encoder, 'tonemap_vaapi')) return 'device'
  if (encoder.family === 'qsv' && encoder.qsvToneMaps && decodesOnDevice(job.source, encoder)) return 'device'
  // libplacebo needs the one device that `hwupload` knows, which is VAAPI's where that encodes.
  if (encoder.family !== 'vaapi' && encoder.hasVulkan && has(encoder, 'libplacebo')) return 'libplacebo'
  return has(encoder, 'zscale', 'tonemap') ? 'zscale' : 'none'
}

/** Whether all that the job needs can be done in the GPU's memory. */
function fitsDevice(job: VideoJob, encoder: VideoEncoder, mapper: ToneMapper | undefined): boolean {
  const { source } = job
  const isInterlaced = source.scan !== 'progressive'
  if (mapper !== undefined && mapper !== 'device') return false
  if (encoder.family === 'nvenc') {
    if (source.rotation !== 0 || !has(encoder, 'scale_cuda') || (isInterlaced && !has(encoder, 'yadif_cuda')))
      return false
    // Pictures out of the processor are worth the way only where the GPU has something to do.
    return decodesOnDevice(source, encoder) || (has(encoder, 'hwupload_cuda') && (isInterlaced || isScaled(job)))
  }
  if (encoder.family === 'vaapi') {
    if (source.rotation !== 0 && !has(encoder, 'transpose_vaapi')) return false
    return has(encoder, 'scale_vaapi') && (!isInterlaced || has(encoder, 'deinterlace_vaapi'))
  }
  return (
    encoder.family === 'qsv' && source.rotation === 0 && has(encoder, 'vpp_qsv') && decodesOnDevice(source, encoder)
  )
}

function isScaled(job: VideoJob): boolean {
  const from = uprightSize(job.source)
  const to = outputSize(job.source, job.target.heightLimit)
  return from.width !== to.width || from.height !== to.height
}

/** The chain for a job: on the device where all of it fits there, else by the processor. */
export function planFilters(job: VideoJob, encoder: VideoEncoder): FilterPlan {
  const mapper = toneMapper(job, encoder)
  const isOnDevice = fitsDevice(job, encoder, mapper)
  const steps = [
    colourStep(job),
    ...(isOnDevice ? deviceSteps(job, encoder, mapper) : systemSteps(job, encoder, mapper)),
  ]
  const [across, down] = outputSize(job.source, job.target.heightLimit).pixelAspect
  // Without `max` the ratio is approximated by numbers up to 100.
  const aspect = `setsar=sar=${across}/${down}:max=65535`
  return {
    place: isOnDevice ? 'device' : 'system',
    filter: [...steps.flatMap(step => step.filters), aspect].join(','),
    globalArguments:
      !isOnDevice && mapper === 'libplacebo' ? ['-init_hw_device', 'vulkan=vk', '-filter_hw_device', 'vk'] : [],
    explanation: steps.flatMap(step => step.explanation ?? []),
  }
}

/**
 * Tells the pictures what colours they are: what the container says may stand nowhere in the stream, and then zscale can't
 * convert and the encoder can't write it down. ffmpeg takes names and CICP's numbers alike.
 */
function colourStep(job: VideoJob): Step {
  const { colour, hdr } = job.source
  if (hdr !== undefined) {
    const range = colour?.fullRange ? 'pc' : 'tv'
    const transfer = TRANSFER_NAMES[hdr.transfer]
    return { filters: [`setparams=color_primaries=bt2020:color_trc=${transfer}:colorspace=bt2020nc:range=${range}`] }
  }
  const known = [
    ['color_primaries', colour?.primaries],
    ['color_trc', colour?.transfer],
    ['colorspace', colour?.matrix],
  ].filter(([, code]) => code !== undefined && code !== UNSPECIFIED)
  return { filters: known.length === 0 ? [] : [`setparams=${known.map(pair => pair.join('=')).join(':')}`] }
}

/** Size before rotation is undone: what a scaler in front of the rotation has to make. */
function sizeBeforeRotation(job: VideoJob): { readonly width: number; readonly height: number } {
  const { width, height } = outputSize(job.source, job.target.heightLimit)
  return job.source.rotation % 180 === 0 ? { width, height } : { width: height, height: width }
}

function scaledText(job: VideoJob, by: string): string | undefined {
  if (!isScaled(job)) return undefined
  const from = uprightSize(job.source)
  const to = outputSize(job.source, job.target.heightLimit)
  return `scaled from ${from.width}x${from.height} to ${to.width}x${to.height} by ${by}`
}

/** One picture out for each one in, so that the planned frames stay. */
function fieldOptions(scan: VideoJob['source']['scan']): string {
  return scan === 'flagged'
    ? 'mode=send_frame:parity=auto:deint=interlaced'
    : `mode=send_frame:parity=${scan}:deint=all`
}

function deviceSteps(job: VideoJob, encoder: VideoEncoder, mapper: ToneMapper | undefined): readonly Step[] {
  const upload = decodesOnDevice(job.source, encoder)
    ? []
    : ['format=nv12', encoder.family === 'nvenc' ? 'hwupload_cuda' : 'hwupload']
  if (encoder.family === 'nvenc') return cudaSteps(job, upload)
  if (encoder.family === 'qsv') return qsvSteps(job, mapper)
  // tonemap_vaapi takes 10-bit pictures only.
  return vaapiSteps(job, mapper === 'device' ? upload.map(name => name.replace('nv12', 'p010')) : upload, mapper)
}

function cudaSteps(job: VideoJob, upload: readonly string[]): readonly Step[] {
  const { source } = job
  const { width, height } = sizeBeforeRotation(job)
  const steps: Step[] = [{ filters: upload }]
  if (source.scan !== 'progressive') {
    steps.push({ filters: [`yadif_cuda=${fieldOptions(source.scan)}`], explanation: 'deinterlaced by yadif_cuda' })
  }
  // Always a copy: an encoder that looks ahead would hold all of the decoder's surfaces.
  const scale = `scale_cuda=w=${width}:h=${height}:format=nv12:passthrough=0`
  steps.push({ filters: [scale], explanation: scaledText(job, 'scale_cuda') })
  return steps
}

function vaapiSteps(job: VideoJob, upload: readonly string[], mapper: ToneMapper | undefined): readonly Step[] {
  const { source } = job
  const { width, height } = outputSize(source, job.target.heightLimit)
  const steps: Step[] = [{ filters: upload }]
  if (source.scan !== 'progressive') {
    const filter = `deinterlace_vaapi=rate=frame:auto=${source.scan === 'flagged' ? 1 : 0}`
    // The driver goes by the field order in the frame, which an unmarked one lacks.
    const order = source.scan === 'flagged' ? [] : [`setfield=mode=${source.scan}`]
    steps.push({ filters: [...order, filter], explanation: 'deinterlaced by deinterlace_vaapi' })
  }
  if (mapper === 'device') {
    steps.push({
      filters: ['tonemap_vaapi=format=nv12:t=bt709:m=bt709:p=bt709'],
      explanation: 'tone-mapped from PQ by tonemap_vaapi',
    })
  }
  if (source.rotation !== 0) {
    const direction = { 90: 'clock', 180: 'reversal', 270: 'cclock' }[source.rotation]
    steps.push({ filters: [`transpose_vaapi=dir=${direction}`], explanation: turnedText(source.rotation) })
  }
  const scale = `scale_vaapi=w=${width}:h=${height}:format=nv12`
  steps.push({ filters: [scale], explanation: scaledText(job, 'scale_vaapi') })
  return steps
}

function qsvSteps(job: VideoJob, mapper: ToneMapper | undefined): readonly Step[] {
  const { source } = job
  const { width, height } = sizeBeforeRotation(job)
  const isInterlaced = source.scan !== 'progressive'
  const options = [
    ...(isInterlaced ? ['deinterlace=advanced'] : []),
    ...(mapper === 'device' ? ['tonemap=1'] : []),
    `w=${width}:h=${height}:format=nv12`,
  ]
  const done = [
    isInterlaced ? 'deinterlaced by vpp_qsv' : undefined,
    mapper === 'device' ? `tone-mapped from ${source.hdr?.transfer.toUpperCase()} by vpp_qsv` : undefined,
    scaledText(job, 'vpp_qsv'),
  ].filter(text => text !== undefined)
  return [{ filters: [`vpp_qsv=${options.join(':')}`], explanation: done.length === 0 ? undefined : done.join(', ') }]
}

function systemSteps(job: VideoJob, encoder: VideoEncoder, mapper: ToneMapper | undefined): readonly Step[] {
  const { source } = job
  const steps: Step[] = []
  if (source.scan !== 'progressive') {
    const name = has(encoder, 'bwdif') ? 'bwdif' : 'yadif'
    steps.push({ filters: [`${name}=${fieldOptions(source.scan)}`], explanation: `deinterlaced by ${name}` })
  }
  const format = encoder.family === 'software' || encoder.family === 'nvenc' ? 'yuv420p' : 'nv12'
  steps.push(...colourSteps(job, mapper, format))
  if (source.rotation !== 0) {
    const filters = { 90: ['transpose=clock'], 180: ['hflip', 'vflip'], 270: ['transpose=cclock'] }[source.rotation]
    steps.push({ filters, explanation: turnedText(source.rotation) })
  }
  steps.push({ filters: [`format=${format}`, ...(encoder.family === 'vaapi' ? ['hwupload'] : [])] })
  return steps
}

function turnedText(rotation: number): string {
  return `turned upright by ${rotation} degrees`
}

/** Scaling and tone mapping, which are one step where the scaler does both. */
function colourSteps(job: VideoJob, mapper: ToneMapper | undefined, format: string): readonly Step[] {
  const { width, height } = sizeBeforeRotation(job)
  const transfer = job.source.hdr?.transfer ?? 'pq'
  const mapped = (by: string): string => `tone-mapped from ${transfer.toUpperCase()} by ${by}`
  if (mapper === 'libplacebo') {
    // No peak detection: it looks back, and a run that starts elsewhere would differ from this one.
    const options = 'normalize_sar=0:peak_detect=0:colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv'
    const filter = `libplacebo=w=${width}:h=${height}:format=${format}:${options}`
    return [{ filters: ['hwupload', filter, 'hwdownload'], explanation: mapped('libplacebo') }]
  }
  if (mapper === 'zscale') {
    // Scaled first, in light that is linear: a quarter of the pixels to map at half the height. 100 cd/m² is SDR's white.
    const filters = [
      `zscale=w=${width}:h=${height}:f=bicubic:t=linear:npl=100`,
      'format=gbrpf32le',
      'zscale=p=bt709',
      'tonemap=tonemap=hable:desat=0',
      'zscale=t=bt709:m=bt709:r=tv',
    ]
    return [{ filters, explanation: mapped('zscale and tonemap') }]
  }
  const scale = {
    filters: isScaled(job) ? [`scale=w=${width}:h=${height}:flags=bicubic`] : [],
    explanation: scaledText(job, 'scale'),
  }
  if (mapper === undefined) return [scale]
  const excuse = `not tone-mapped, so that ${transfer.toUpperCase()} looks pale: this ffmpeg has neither zscale nor libplacebo`
  return [scale, { filters: [], explanation: excuse }]
}
