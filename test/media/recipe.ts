/** One command line, or the text of a file; `OUT` stands for the file to make, `IN(name)` for another recipe's file. */
export interface Recipe {
  readonly needs?: readonly string[]
  readonly program: 'ffmpeg' | 'mkvmerge' | 'mkvpropedit' | 'edit' | 'text'
  readonly args: readonly string[]
}

/** A picture in motion with a counter. */
export const picture = (rate: string, seconds: number): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=s=640x360:r=${rate}:d=${seconds}`,
]
/** A rising tone, another one on the right: no two places of it sound alike. */
export const sound = (seconds: number): string[] => [
  '-f',
  'lavfi',
  '-i',
  `aevalsrc='0.3*sin(2*PI*t*(310+19*t))|0.3*sin(2*PI*t*(520+11*t))':s=48000:d=${seconds}`,
]
/** H.264 with B-frames and closed groups of at most two seconds. */
export const h264: readonly string[] =
  '-c:v libx264 -preset veryfast -pix_fmt yuv420p -b:v 900k -g 48 -keyint_min 24 -bf 3'.split(' ')
/** Stereo AAC. */
export const aac: readonly string[] = '-c:a aac -b:a 128k -ac 2'.split(' ')

/** A file made by ffmpeg. */
export const make = (...args: string[]): Recipe => ({ program: 'ffmpeg', args: [...args, 'OUT'] })
/** Another file's samples in a container by ffmpeg. */
export const remux = (from: string, ...args: string[]): Recipe => ({
  needs: [from],
  program: 'ffmpeg',
  args: ['-i', `IN(${from})`, '-c', 'copy', ...args, 'OUT'],
})
/** Another file's samples in an MKV by mkvmerge. */
export const merge = (from: string, ...args: string[]): Recipe => ({
  needs: [from],
  program: 'mkvmerge',
  args: ['-q', '-o', 'OUT', ...args, `IN(${from})`],
})
/** Another file with one of the edits of `edits.ts`. */
export const edit = (from: string, name: string, value = 0): Recipe => ({
  needs: [from],
  program: 'edit',
  args: [from, name, String(value)],
})
/** A file of this text. */
export const text = (content: string): Recipe => ({ program: 'text', args: [content] })
/** SubRip text with a cue of two seconds every four, from 0.25 s on. */
export const subRip = (word: string, seconds: number): Recipe =>
  text(
    Array.from({ length: Math.floor(seconds / 4) }, (_, i) => {
      const clock = (time: string): string => `00:00:${time}`
      const at = String(4 * i).padStart(2, '0')
      const end = String(4 * i + 2).padStart(2, '0')
      return `${i + 1}\n${clock(`${at},250`)} --> ${clock(`${end},250`)}\n${word} ${4 * i} <i>s</i> & more\n`
    }).join('\n'),
  )
