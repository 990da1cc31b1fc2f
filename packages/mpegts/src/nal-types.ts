import type { VideoCodec } from '@cuemux/core'

/** What a NAL unit is to one who cuts a stream into access units. */
export type NalRole = 'delimiter' | 'parameters' | 'prefix' | 'slice' | 'key-slice' | 'other'

// ISO/IEC 14496-10 Table 7-1
const AVC = roles(
  {
    1: 'slice',
    2: 'slice',
    5: 'key-slice',
    6: 'prefix',
    7: 'parameters',
    8: 'parameters',
    9: 'delimiter',
    14: 'prefix',
    15: 'prefix',
    16: 'prefix',
    17: 'prefix',
    18: 'prefix',
  },
  32,
)
// ISO/IEC 23008-2 Table 7-1
const HEVC = roles({ 32: 'parameters', 33: 'parameters', 34: 'parameters', 35: 'delimiter', 39: 'prefix' }, 64)
for (let type = 0; type < 32; type++) HEVC[type] = type >= 16 && type <= 23 ? 'key-slice' : 'slice'
for (const type of [41, 42, 43, 44, 48, 49, 50, 51, 52, 53, 54, 55]) HEVC[type] = 'prefix'

function roles(table: { readonly [type: number]: NalRole }, count: number): NalRole[] {
  return Array.from({ length: count }, (_, type) => table[type] ?? 'other')
}

/** The role of the unit that begins at `at`. */
export function nalRole(codec: VideoCodec, bytes: Uint8Array, at: number): NalRole {
  const first = bytes[at]!
  return codec === 'hevc' ? HEVC[(first >> 1) & 63]! : AVC[first & 31]!
}

/** Whether a slice is the first one of its picture: first_mb_in_slice is 0, or first_slice_segment_in_pic_flag. */
export function isFirstSlice(codec: VideoCodec, bytes: Uint8Array, at: number): boolean {
  return (bytes[codec === 'hevc' ? at + 2 : at + 1]! & 0x80) !== 0
}
