import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { mediaFolder } from '../inputs.mjs'
import { measureProcess } from '../lib/measure.mjs'
import { packagerPath } from '../lib/peers.mjs'
import { CLI, nodeScriptTool } from '../lib/tools.mjs'

/** HLS of a whole film to a folder. */
export const p10 = {
  name: 'P10',
  title: 'HLS of film.mp4 to a folder',
  inputs: ['film.mp4'],
  budgets: { 'whole/shaka-packager': 2 },
  tools: inputs => {
    const folder = join(mediaFolder, 'unfinished-p10')
    return [
      nodeScriptTool('cuemux', [CLI, 'hls', inputs['film.mp4'], folder]),
      {
        name: 'shaka-packager',
        run: async () => {
          const { seconds } = await measureProcess(packagerPath(), packagerArguments(inputs['film.mp4'], folder))
          return { seconds: { whole: seconds }, usage: {} }
        },
      },
    ].map(tool => withFolder(tool, folder))
  },
}

function packagerArguments(input, folder) {
  const stream = (kind, more) =>
    [
      `in=${input}`,
      `stream=${kind}`,
      `init_segment=${folder}/${kind}/init.mp4`,
      `segment_template=${folder}/${kind}/$Number$.m4s`,
      `playlist_name=${kind}.m3u8`,
      ...more,
    ].join(',')
  return [
    stream('video', []),
    stream('audio', ['hls_group_id=audio', 'hls_name=sound']),
    ...['--segment_duration', '6', '--hls_master_playlist_output', join(folder, 'master.m3u8')],
  ]
}

/** Every run makes a new folder; taking it away is not timed. */
function withFolder({ name, run }, folder) {
  return {
    name,
    run: async () => {
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder, { recursive: true })
      try {
        const sample = await run()
        if (!existsSync(join(folder, 'master.m3u8'))) throw new Error('it wrote no master.m3u8')
        return sample
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}
