/**
 * What kind of trouble ended an ffmpeg process.
 *
 * - `session-limit`: the hardware encoder has no session left; fewer at once go on.
 * - `device`: the driver or the device failed; other encoders go on.
 * - `input`: the input can't be read or decoded.
 * - `missing`: this ffmpeg has no such encoder, decoder or filter.
 * - `stalled`: nothing came for longer than the limit.
 * - `other`: anything else.
 */
export type FailureKind = 'session-limit' | 'device' | 'input' | 'missing' | 'stalled' | 'other'

/** Why an ffmpeg process failed. */
export interface FailureReason {
  readonly kind: FailureKind
  /** The line of stderr that says so, without ffmpeg's prefix of component and address. */
  readonly text: string
}

/** The first rule that a line matches decides; rules are in the order of how much they tell. */
const RULES: readonly (readonly [FailureKind, RegExp])[] = [
  [
    'session-limit',
    /OpenEncodeSessionEx failed: (out of memory|incompatible client key)|maximum number of .*sessions|too many concurrent sessions/i,
  ],
  [
    'device',
    /OpenEncodeSessionEx failed|No capable devices found|Cannot load (libcuda|libnvcuvid|libnvidia-encode|nvcuda|nvEncodeAPI)|CUDA_ERROR_|cuInit|nvenc.*(failed|error)|Failed to (initialise|create).*(VAAPI|device)|No VA display|vaInitialize|Error initializing an internal MFX session|Error creating a MFX session|Device creation failed|device.*(lost|removed|hung)|Error submitting .*encode|Error during encoding: (device|hardware)|Failed to (map|lock|upload|transfer).*(surface|bitstream|frame)|Input\/output error.*vaapi|VTCompressionSession/i,
  ],
  ['missing', /Unknown (encoder|decoder)|No such filter|Encoder not found|Decoder .* not found|Unrecognized option/i],
  [
    'input',
    /Invalid data found when processing input|moov atom not found|Connection (refused|reset)|HTTP error \d+|Server returned|End of file|could not find codec parameters|does not contain any stream|matches no streams/i,
  ],
]

/**
 * Finds the reason of a failure in the last lines that ffmpeg wrote: the line that tells most, else the last one.
 *
 * @param lines the last lines of stderr, oldest first
 */
export function explainFailure(lines: readonly string[]): FailureReason {
  for (const [kind, pattern] of RULES) {
    const line = lines.find(candidate => pattern.test(candidate))
    if (line !== undefined) return { kind, text: withoutPrefix(line) }
  }
  const last = lines.findLast(line => /error|fail|invalid|cannot|could not|unable/i.test(line)) ?? lines.at(-1)
  return { kind: 'other', text: last === undefined ? 'it said nothing' : withoutPrefix(last) }
}

/**
 * `[h264_nvenc @ 0x55d0c8]` tells nobody anything; what stands before the address does. Where ffmpeg reads an input of
 * ours is nobody's business.
 */
function withoutPrefix(line: string): string {
  return line
    .replace(/^\[([^\]@]+?) @ 0x[0-9a-f]+\]\s*/i, '$1: ')
    .replace(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\S*: /, '')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\S*/g, 'the input')
    .trim()
}
