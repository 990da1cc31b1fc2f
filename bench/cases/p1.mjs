import { devNull } from 'node:os'
import { cuemuxRemux, FFMPEG_FRAGMENTED, ffmpegTool, nodeTool } from '../lib/tools.mjs'

/** A whole MKV to fragmented MP4 that nobody keeps. */
export const p1 = {
  name: 'P1',
  title: 'film.mkv → fMP4, output thrown away',
  inputs: ['film.mkv'],
  budgets: { 'whole/ffmpeg': 1.5, 'whole/mediabunny': 8, 'whole/maxRssKiB': Math.floor(110e6 / 1024) },
  tools: inputs => [
    cuemuxRemux(inputs['film.mkv'], '-'),
    ffmpegTool(inputs['film.mkv'], [...FFMPEG_FRAGMENTED, devNull]),
    nodeTool('mediabunny', 'mediabunny-remux', [inputs['film.mkv'], '-']),
    nodeTool('reading alone', 'read-alone', [inputs['film.mkv']]),
  ],
}
