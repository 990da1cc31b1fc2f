// The tools of the cases, as whole processes and as programs that measure themselves.
import { existsSync } from 'node:fs'
import { devNull } from 'node:os'
import { fileURLToPath } from 'node:url'
import { measureFfmpeg, measureNode } from './measure.mjs'

const program = name => fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url))
/** The command, built. */
export const CLI = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))

/** How every ffmpeg run is told to fragment: at each keyframe, without an empty edit. */
export const FFMPEG_FRAGMENTED = ['-c', 'copy', '-movflags', 'frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4']

/** A whole process: `measure` runs it once. */
function wholeTool(name, measure) {
  return {
    name,
    run: async () => {
      const { seconds, stdout: _, ...usage } = await measure()
      return { seconds: { whole: seconds }, usage }
    },
  }
}

/** `cuemux remux INPUT OUTPUT`. */
export const cuemuxRemux = (input, output) => nodeScriptTool('cuemux', [CLI, 'remux', input, output])

/** A script and its arguments as a whole process. */
export function nodeScriptTool(name, args) {
  return wholeTool(name, () => {
    if (!existsSync(args[0])) throw new Error('not built: run npm run build')
    return measureNode(args)
  })
}

/** ffmpeg with `args` after its input. */
export function ffmpegTool(input, args) {
  return wholeTool('ffmpeg', () => measureFfmpeg(['-i', input, ...args]))
}

/** A program of bench/programs as a whole process. */
export function nodeTool(name, programName, args) {
  return wholeTool(name, () => measureNode([program(programName), ...args]))
}

/** A program of bench/programs that prints its own figures. */
export function selfMeasuringTool(name, programName, args, nodeArgs = ['--expose-gc'], env = process.env) {
  return {
    name,
    run: async () => {
      // CPU time would be the sum of all its repetitions.
      const { stdout, maxRssKiB } = await measureNode([...nodeArgs, program(programName), ...args], {
        keepOutput: true,
        env,
      })
      const { seconds, usage } = JSON.parse(stdout)
      return { seconds, usage: { maxRssKiB, ...usage } }
    },
  }
}

/** ffmpeg that makes six seconds in the middle of a film, as one figure. */
export function ffmpegSegmentTool(name, figure, input, args) {
  return {
    name,
    run: async () => {
      const { seconds } = await measureFfmpeg(['-ss', '60', '-t', '6', '-i', input, ...args, devNull])
      return { seconds: { [figure]: seconds }, usage: {} }
    },
  }
}
