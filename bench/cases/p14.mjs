import { devNull } from 'node:os'
import { cuemuxRemux, FFMPEG_FRAGMENTED, ffmpegTool, nodeTool } from '../lib/tools.mjs'

/** A whole MPEG transport stream to fragmented MP4 that nobody keeps. */
export const p14 = {
  name: 'P14',
  title: 'film.ts → fMP4, output thrown away',
  inputs: ['film.ts'],
  budgets: { 'whole/ffmpeg': 0.7, 'whole/mux.js': 5 },
  tools: inputs => [
    cuemuxRemux(inputs['film.ts'], '-'),
    ffmpegTool(inputs['film.ts'], [...FFMPEG_FRAGMENTED, '-bsf:a', 'aac_adtstoasc', devNull]),
    nodeTool('mediabunny', 'mediabunny-remux', [inputs['film.ts'], '-']),
    nodeTool('mux.js', 'muxjs-remux', [inputs['film.ts']]),
  ],
}
