import { CuemuxError, type SampleDescription, type VideoCodec, type VideoTrack } from '@cuemux/core'
import { type Box, VisualSampleEntry } from 'mp4box'
import { container, payloadBox, withFields } from './boxes.js'

/** Sample entries of H.264 and HEVC: parameter sets in the configuration only, or (`avc3`, `hev1`) in the samples too. */
export type NalSampleEntry = 'avc1' | 'avc3' | 'hvc1' | 'hev1'

interface VideoFormat {
  /** The sample entries that the codec may have; the first is the default. */
  readonly entries: readonly string[]
  /** The box that carries the configuration. */
  readonly configBox: string
}

const VIDEO_FORMATS: Partial<Record<VideoCodec, VideoFormat>> = {
  h264: { entries: ['avc1', 'avc3'], configBox: 'avcC' },
  hevc: { entries: ['hvc1', 'hev1', 'dvh1', 'dvhe'], configBox: 'hvcC' },
  av1: { entries: ['av01', 'dav1'], configBox: 'av1C' },
  vp9: { entries: ['vp09'], configBox: 'vpcC' },
  vp8: { entries: ['vp08'], configBox: 'vpcC' },
}

/** Whether a video codec has a sample entry here. */
export function hasVideoEntry(codec: VideoCodec): boolean {
  return VIDEO_FORMATS[codec] !== undefined
}

/**
 * The sample entry of one description of a video track (ISO/IEC 14496-12 §12.1.3, -15 §5.4.2.1 and §8.4.1, the AV1 and
 * VP codec bindings). `wanted` counts where the codec has that entry; else the description's codec string decides, so
 * that CODECS and the init segment agree.
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC`, `CORRUPT_INDEX` without configuration
 */
export function videoSampleEntry(
  track: VideoTrack,
  description: SampleDescription,
  wanted: NalSampleEntry | undefined,
): VisualSampleEntry {
  const format = VIDEO_FORMATS[track.codec]
  if (format === undefined) {
    throw new CuemuxError('UNSUPPORTED_CODEC', `MP4 can't carry the ${track.codec} of track ${track.id}.`)
  }
  if (description.config.length === 0) {
    throw new CuemuxError('CORRUPT_INDEX', `Track ${track.id} (${track.codec}) has no decoder configuration.`)
  }
  const entry = withFields(new VisualSampleEntry(), {
    type: entryType(format, description, wanted),
    data_reference_index: 1,
    width: uint16(description.width ?? track.width),
    height: uint16(description.height ?? track.height),
    horizresolution: 0x480000, // 72 dpi, as §12.1.3.2 wants it
    vertresolution: 0x480000,
    frame_count: 1,
    compressorname: '',
    depth: 0x18,
  })
  return container(entry, [payloadBox(format.configBox, description.config), ...pictureBoxes(track)])
}

function entryType(format: VideoFormat, description: SampleDescription, wanted: NalSampleEntry | undefined): string {
  if (wanted !== undefined && format.entries.includes(wanted)) return wanted
  const named = description.codecString?.split('.')[0]
  return named !== undefined && format.entries.includes(named) ? named : (format.entries[0] as string)
}

/** What is the same for all descriptions of a track: Dolby Vision, colour, shape of a pixel, HDR. */
function pictureBoxes(track: VideoTrack): Box[] {
  const boxes: Box[] = []
  const { dolbyVision, mdcv, clli } = track.hdr
  if (dolbyVision !== undefined) boxes.push(payloadBox(dolbyVision.box, dolbyVision.payload))
  if (track.colour !== undefined) {
    const { primaries, transfer, matrix, fullRange } = track.colour
    boxes.push(
      // 'nclx' (ISO/IEC 14496-12 §12.1.5)
      payloadBox(
        'colr',
        Uint8Array.of(...ascii('nclx'), ...two(primaries), ...two(transfer), ...two(matrix), fullRange ? 0x80 : 0),
      ),
    )
  }
  // Written for square pixels too: the container's word then stands over one in the bitstream.
  const [horizontal, vertical] = track.pixelAspect
  boxes.push(payloadBox('pasp', Uint8Array.of(...four(horizontal), ...four(vertical))))
  if (track.cleanAperture !== undefined) boxes.push(payloadBox('clap', track.cleanAperture))
  if (mdcv !== undefined) boxes.push(payloadBox('mdcv', mdcv))
  if (clli !== undefined) boxes.push(payloadBox('clli', clli))
  return boxes
}

const uint16 = (value: number): number => Math.min(0xffff, Math.max(0, Math.round(value)))
const ascii = (text: string): number[] => [...text].map(c => c.charCodeAt(0))
const two = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff]
const four = (value: number): number[] => [...two(value >>> 16), ...two(value)]
