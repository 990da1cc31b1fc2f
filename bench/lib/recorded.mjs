// What Cuemux tells ffmpeg, written down by a program that stands in its place, so that ffmpeg alone can be given the same.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureFfmpeg } from './measure.mjs'

const RECORDER = `#!/bin/sh
printf '%s\\n' "$@" > "$CUEMUX_BENCH_RECORDS/$$"
exec ffmpeg "$@"
`

/**
 * @param {string} input the film, which ffmpeg alone reads from its file
 */
export function measureWithRecordedArguments(input) {
  let picture
  // One for all runs: what an ffmpeg can is measured once for a path.
  const folder = mkdtempSync(join(tmpdir(), 'cuemux-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'ffmpeg'), RECORDER)
  writeFileSync(join(folder, 'ffprobe'), '#!/bin/sh\nexec ffprobe "$@"\n')
  for (const name of ['ffmpeg', 'ffprobe']) chmodSync(join(folder, name), 0o755)
  return {
    /** Does something with an environment in which Cuemux' ffmpeg writes down its arguments. */
    async whileRecording(work) {
      const records = mkdtempSync(join(folder, 'records-'))
      try {
        return await work({ ...process.env, CUEMUX_FFMPEG: join(folder, 'ffmpeg'), CUEMUX_BENCH_RECORDS: records })
      } finally {
        const runs = readdirSync(records).map(name => readFileSync(join(records, name), 'utf8').trimEnd().split('\n'))
        picture ??= runs.find(args => isPictureRun(args))
        rmSync(records, { recursive: true, force: true })
      }
    },
    /** ffmpeg alone: the picture with the recorded arguments, the sound as AAC, thrown away. */
    async run() {
      if (picture === undefined) throw new Error('Cuemux did not start ffmpeg for the picture')
      const { seconds, cpuSeconds, maxRssKiB } = await measureFfmpeg([
        ...['-i', input, ...encoderArguments(picture), '-map', '0:a', '-c:a', 'aac', '-b:a', '192k', '-f', 'null', '-'],
      ])
      return { seconds: { whole: seconds }, usage: { cpuSeconds, maxRssKiB } }
    },
  }
}

/** A run over the film, which Cuemux gives ffmpeg by an address, not one of the trials of what an encoder can do. */
const isPictureRun = args => args.includes('-c:v') && args[args.indexOf('-i') + 1]?.startsWith('http://')

/** What stands between the input and the format of the output, but that there is no sound. */
function encoderArguments(args) {
  const from = args.indexOf('-i') + 2
  const to = args.lastIndexOf('-f')
  return args.slice(from, to > from ? to : args.length - 1).filter(arg => arg !== '-an')
}
