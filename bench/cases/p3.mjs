import { devNull } from 'node:os'
import { cuemuxRemux, FFMPEG_FRAGMENTED, ffmpegTool, nodeTool } from '../lib/tools.mjs'

/** A whole MP4 to fragmented MP4 that nobody keeps. */
export const p3 = {
  name: 'P3',
  title: 'film.mp4 → fMP4, output thrown away',
  inputs: ['film.mp4'],
  budgets: { 'whole/ffmpeg': 1.5, 'whole/mediabunny': 8 },
  tools: inputs => [
    cuemuxRemux(inputs['film.mp4'], '-'),
    ffmpegTool(inputs['film.mp4'], [...FFMPEG_FRAGMENTED, devNull]),
    nodeTool('mediabunny', 'mediabunny-remux', [inputs['film.mp4'], '-']),
    nodeTool('mp4box', 'mp4box-remux', [inputs['film.mp4']]),
  ],
}
