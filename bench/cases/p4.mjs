import { devNull } from 'node:os'
import { cuemuxRemux, FFMPEG_FRAGMENTED, ffmpegTool, nodeTool, selfMeasuringTool } from '../lib/tools.mjs'

/** Two hours of half a million tiny samples to fragmented MP4. */
const whole = extension => ({
  name: `P4 ${extension}`,
  title: `long.${extension} → fMP4, output thrown away`,
  inputs: [`long.${extension}`],
  budgets: { 'whole/ffmpeg': 1 },
  tools: inputs => [
    cuemuxRemux(inputs[`long.${extension}`], '-'),
    ffmpegTool(inputs[`long.${extension}`], [...FFMPEG_FRAGMENTED, devNull]),
    nodeTool('mediabunny', 'mediabunny-remux', [inputs[`long.${extension}`], '-']),
  ],
})

/** The same in a process in which all code is compiled: what one sample takes. */
const warm = extension => ({
  name: `P4 ${extension} warm`,
  title: `a sample of long.${extension} → fMP4 in a warm process`,
  inputs: [`long.${extension}`],
  budgets: { sample: 0.7e-6 },
  tools: inputs => [selfMeasuringTool('cuemux', 'remux-warm', [inputs[`long.${extension}`]])],
})

export const p4mkv = whole('mkv')
export const p4mp4 = whole('mp4')
export const p4mkvWarm = warm('mkv')
export const p4mp4Warm = warm('mp4')
