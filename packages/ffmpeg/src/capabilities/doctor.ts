import process from 'node:process'
import { CuemuxError } from '@cuemux/core'
import { type LocateOptions, locateFfmpeg } from '../locate.js'
import { type MeasureOptions, measureCapabilities } from './measure.js'
import { type Capabilities, type EncoderFamily, type EncoderTrial, NOT_BUILT_IN } from './model.js'

/** One line of `cuemux doctor`. */
export interface DoctorRow {
  readonly group: 'ffmpeg' | 'hardware' | 'encoders' | 'decoders' | 'filters'
  readonly name: string
  readonly status: 'works' | 'fails' | 'missing'
  /** What it is, what it is for, or why it fails. */
  readonly detail: string
  /** What to install or to do, where something would help. */
  readonly remedy?: string
}

/** What works on this machine, and what would have to be installed. */
export interface DoctorReport {
  /** There is an ffmpeg, and it encodes H.264 and AAC: what a browser can't play can be made playable. */
  readonly canEncode: boolean
  readonly rows: readonly DoctorRow[]
}

/** Decoders of sources that browsers can't play. */
const DECODERS: readonly (readonly [name: string, purpose: string])[] = [
  ['h264', 'H.264 of 10 bits, interlaced H.264'],
  ['hevc', 'HEVC'],
  ['libdav1d', 'AV1'],
  ['vp9', 'VP9'],
  ['mpeg2video', 'DVD and television'],
  ['mpeg4', 'AVI'],
  ['vc1', 'WMV'],
  ['ac3', 'AC-3 sound'],
  ['eac3', 'E-AC-3 sound'],
  ['dca', 'DTS sound'],
  ['truehd', 'TrueHD sound'],
]
const FILTERS: readonly (readonly [name: string, purpose: string])[] = [
  ['scale', 'smaller pictures'],
  ['bwdif', 'deinterlacing'],
  ['yadif', 'deinterlacing'],
  ['idet', 'finding interlaced pictures'],
  ['zscale', 'HDR to SDR'],
  ['tonemap', 'HDR to SDR'],
  ['libplacebo', 'HDR to SDR on a GPU'],
  ['scale_cuda', 'scaling on NVIDIA'],
  ['yadif_cuda', 'deinterlacing on NVIDIA'],
  ['scale_vaapi', 'scaling by VAAPI'],
  ['deinterlace_vaapi', 'deinterlacing by VAAPI'],
  ['tonemap_vaapi', 'HDR to SDR by VAAPI'],
  ['vpp_qsv', 'scaling and deinterlacing by QSV'],
]
/** Without these something is shown wrong, not just slowly. */
const NEEDED_FILTERS: ReadonlySet<string> = new Set(['scale', 'bwdif', 'idet', 'zscale', 'tonemap'])
const FULL_BUILD = 'Take a full build of ffmpeg: the package of a distribution has it.'

/** What would make a family's hardware work. */
const FAMILY_REMEDIES: Readonly<Partial<Record<EncoderFamily, string>>> = {
  nvenc:
    "NVIDIA's driver (470 or later); in a container also its toolkit, with NVIDIA_DRIVER_CAPABILITIES=video,compute,utility",
  vaapi:
    'a VAAPI driver (intel-media-va-driver or mesa-va-drivers) and access to /dev/dri (group render; in a container --device /dev/dri)',
  qsv: "Intel's media driver and runtime (intel-media-va-driver-non-free, libmfx-gen1.2) and access to /dev/dri",
}
/** A family that belongs to another platform is not worth a word on this one. */
const PLATFORMS: Readonly<Partial<Record<EncoderFamily, readonly NodeJS.Platform[]>>> = {
  videotoolbox: ['darwin'],
  amf: ['win32'],
  vaapi: ['linux'],
  nvenc: ['linux', 'win32'],
  qsv: ['linux', 'win32'],
}

/**
 * What `cuemux doctor` shows of ffmpeg: plain data. An ffmpeg that is missing or broken is a row, not an error.
 *
 * @throws CuemuxError `BAD_REQUEST` and `ABORTED` alone
 */
export async function doctorReport(options: LocateOptions & MeasureOptions = {}): Promise<DoctorReport> {
  const { ffmpeg, ...measureOptions } = options
  try {
    const location = await locateFfmpeg(ffmpeg === undefined ? {} : { ffmpeg })
    const capabilities = await measureCapabilities(location.ffmpeg, measureOptions)
    return describeCapabilities(capabilities, location.ffprobe)
  } catch (error) {
    const isSick = error instanceof CuemuxError && (error.code === 'ENCODER_MISSING' || error.code === 'ENCODER_FAILED')
    if (!isSick) throw error
    const status = error.code === 'ENCODER_MISSING' ? 'missing' : 'fails'
    const row = { group: 'ffmpeg', name: 'ffmpeg', status, detail: error.message } as const
    return { canEncode: false, rows: [error.hint === undefined ? row : { ...row, remedy: error.hint }] }
  }
}

/** The rows for capabilities that are known already. */
export function describeCapabilities(
  capabilities: Capabilities,
  ffprobe: string | undefined,
  platform: NodeJS.Platform = process.platform,
): DoctorReport {
  const { trials } = capabilities
  const encodes = (codec: EncoderTrial['codec']): boolean => trials.some(trial => trial.codec === codec && trial.works)
  return {
    canEncode: encodes('h264') && encodes('aac'),
    rows: [
      ...programRows(capabilities, ffprobe),
      ...hardwareRows(capabilities),
      ...trials
        .filter(trial => PLATFORMS[trial.family]?.includes(platform) ?? true)
        .map(trial => encoderRow(trial, trials)),
      ...DECODERS.map(([name, purpose]) => listRow('decoders', name, purpose, capabilities.decoders, true)),
      ...FILTERS.map(([name, purpose]) =>
        listRow('filters', name, purpose, capabilities.filters, NEEDED_FILTERS.has(name)),
      ),
    ],
  }
}

function programRows({ binary, version }: Capabilities, ffprobe: string | undefined): readonly DoctorRow[] {
  return [
    { group: 'ffmpeg', name: 'ffmpeg', status: 'works', detail: `${version} at ${binary.path}` },
    ffprobe === undefined
      ? { group: 'ffmpeg', name: 'ffprobe', status: 'missing', detail: 'not beside ffmpeg', remedy: FULL_BUILD }
      : { group: 'ffmpeg', name: 'ffprobe', status: 'works', detail: ffprobe },
  ]
}

function hardwareRows({ hardware, vulkanDevice, hwaccels }: Capabilities): readonly DoctorRow[] {
  const rows: DoctorRow[] = hardware.renderDevices.map(({ path, vendor }) => ({
    group: 'hardware',
    name: path,
    status: 'works',
    detail: `render device, vendor ${vendor || 'unknown'}`,
  }))
  if (hardware.computeCapability !== undefined) {
    const detail = `compute capability ${hardware.computeCapability.toFixed(1)}`
    rows.push({ group: 'hardware', name: 'NVIDIA GPU', status: 'works', detail })
  }
  if (vulkanDevice !== undefined)
    rows.push({ group: 'hardware', name: 'Vulkan', status: 'works', detail: vulkanDevice })
  const found = rows.length > 0
  if (!found)
    rows.push({ group: 'hardware', name: 'GPU', status: 'missing', detail: 'none found; the processor encodes' })
  rows.push({ group: 'hardware', name: 'hwaccels', status: 'works', detail: hwaccels.join(', ') || 'none' })
  return rows
}

function encoderRow(trial: EncoderTrial, all: readonly EncoderTrial[]): DoctorRow {
  const { name, family, works, reason, device } = trial
  if (works) {
    const detail = device === undefined ? 'made a frame' : `made a frame on ${device}`
    return { group: 'encoders', name, status: 'works', detail }
  }
  const isMissing = reason === NOT_BUILT_IN
  const row = {
    group: 'encoders',
    name,
    status: isMissing ? 'missing' : 'fails',
    detail: reason ?? 'made no frame',
  } as const
  const needed = FAMILY_REMEDIES[family]
  if (!isMissing) return { ...row, remedy: needed === undefined ? FULL_BUILD : `It needs ${needed}.` }
  // Another ffmpeg is of use only to hardware that is there.
  const isOfUse = family === 'software' || all.some(other => other.family === family && other.works)
  return isOfUse ? { ...row, remedy: `An ffmpeg that is built with ${name}.` } : row
}

function listRow(
  group: 'decoders' | 'filters',
  name: string,
  detail: string,
  names: readonly string[],
  isNeeded: boolean,
): DoctorRow {
  if (names.includes(name)) return { group, name, status: 'works', detail }
  const row = { group, name, status: 'missing', detail } as const
  return isNeeded ? { ...row, remedy: FULL_BUILD } : row
}
