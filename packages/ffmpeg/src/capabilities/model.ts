/** Whose encoder it is; `software` are x264, x265, SVT-AV1 and libaom. */
export type EncoderFamily = 'nvenc' | 'vaapi' | 'qsv' | 'videotoolbox' | 'amf' | 'software'
/** What video can be encoded to. */
export type TargetVideoCodec = 'h264' | 'hevc' | 'av1'
/** What audio can be encoded to. */
export type TargetAudioCodec = 'aac' | 'opus'

/** What one encoder showed when it was asked for one frame. */
export interface EncoderTrial {
  /** ffmpeg's name, as `h264_nvenc`. */
  readonly name: string
  readonly codec: TargetVideoCodec | TargetAudioCodec
  readonly family: EncoderFamily
  readonly works: boolean
  /** Why it does not work, as one line; `undefined` where it does. */
  readonly reason?: string | undefined
  /** The render device that it worked on, as `/dev/dri/renderD128`; VAAPI only. */
  readonly device?: string | undefined
}

/** The reason of a trial that was not made, as ffmpeg doesn't have the encoder. */
export const NOT_BUILT_IN = 'not built into this ffmpeg'

/** A render device of the kernel. */
export interface RenderDevice {
  /** As `/dev/dri/renderD128`. */
  readonly path: string
  /** PCI vendor, as `0x8086`; empty where the kernel doesn't say. */
  readonly vendor: string
}

/** What the machine has beside ffmpeg. */
export interface Hardware {
  /** One line that changes with the NVIDIA driver or the render devices: half of the cache's key. */
  readonly driver: string
  readonly renderDevices: readonly RenderDevice[]
  /** Compute capability of the first NVIDIA GPU, as 8.6; `undefined` where there is none or it doesn't say. */
  readonly computeCapability: number | undefined
}

/** Which binary was measured. */
export interface BinaryIdentity {
  /** Absolute path. */
  readonly path: string
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** What ffmpeg can do on this machine: plain data, which JSON keeps whole. */
export interface Capabilities {
  readonly binary: BinaryIdentity
  readonly hardware: Hardware
  /** As `5.1.9-0+deb12u1`. */
  readonly version: string
  /** Names out of `ffmpeg -encoders`, `-decoders`, `-filters` and `-hwaccels`. */
  readonly encoders: readonly string[]
  readonly decoders: readonly string[]
  readonly filters: readonly string[]
  readonly hwaccels: readonly string[]
  /** Every candidate in the order of preference, those that ffmpeg doesn't have included. */
  readonly trials: readonly EncoderTrial[]
  /** The Vulkan device that libplacebo draws on, where that is a GPU and not the processor. */
  readonly vulkanDevice: string | undefined
  /** `vpp_qsv` can map HDR to SDR (not in ffmpeg 5.1). */
  readonly qsvToneMaps: boolean
}

/** An encoder that can be tried. */
export interface Candidate {
  readonly name: string
  readonly codec: TargetVideoCodec | TargetAudioCodec
  readonly family: EncoderFamily
}

const VIDEO_CODECS: readonly TargetVideoCodec[] = ['h264', 'hevc', 'av1']
const HARDWARE_FAMILIES: readonly EncoderFamily[] = ['nvenc', 'vaapi', 'qsv', 'videotoolbox', 'amf']
/** libaom is the one AV1 encoder in software that sets keyframes where it is told; SVT-AV1 is several times faster. */
const SOFTWARE: Readonly<Record<TargetVideoCodec, readonly string[]>> = {
  h264: ['libx264'],
  hevc: ['libx265'],
  av1: ['libsvtav1', 'libaom-av1'],
}

function hardwareCandidates(codec: TargetVideoCodec): readonly Candidate[] {
  return HARDWARE_FAMILIES.map(family => ({ name: `${codec}_${family}`, codec, family }))
}

function softwareCandidates(codec: TargetVideoCodec): readonly Candidate[] {
  return SOFTWARE[codec].map(name => ({ name, codec, family: 'software' }))
}

/** All encoders that are tried, best first within a codec. */
export const CANDIDATES: readonly Candidate[] = [
  ...VIDEO_CODECS.flatMap(codec => [...hardwareCandidates(codec), ...softwareCandidates(codec)]),
  { name: 'aac', codec: 'aac', family: 'software' },
  { name: 'libopus', codec: 'opus', family: 'software' },
]
