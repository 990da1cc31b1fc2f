import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { mediaFolder } from '../inputs.mjs'
import { cuemuxRemux, FFMPEG_FRAGMENTED, ffmpegTool, nodeTool } from '../lib/tools.mjs'

/** A whole MKV to a fragmented MP4 file. */
export const p2 = {
  name: 'P2',
  title: 'film.mkv → fMP4 file',
  inputs: ['film.mkv'],
  budgets: { 'whole/ffmpeg': 1 },
  tools: inputs => {
    const output = join(mediaFolder, 'unfinished-p2.mp4')
    return [
      cuemuxRemux(inputs['film.mkv'], output),
      ffmpegTool(inputs['film.mkv'], [...FFMPEG_FRAGMENTED, output]),
      nodeTool('mediabunny', 'mediabunny-remux', [inputs['film.mkv'], output]),
    ].map(tool => withOutputFile(tool, output))
  },
}

/** Notes the file's size and removes it, so that every run makes a new one; neither is timed. */
function withOutputFile(tool, output) {
  return {
    name: tool.name,
    run: async () => {
      rmSync(output, { force: true })
      try {
        const sample = await tool.run()
        return { ...sample, usage: { ...sample.usage, writtenBytes: statSync(output).size } }
      } finally {
        rmSync(output, { force: true })
      }
    },
  }
}
